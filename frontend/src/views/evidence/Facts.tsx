/** The numbers of a finding in a line. */

import type { Finding } from '../../contract'
import { stateText } from '../../lib/finding-text'
import { type Term as Explained, kindTerm, unitMeaning } from '../../lib/glossary'
import { formatMeasured, formatStep } from '../../lib/numbers'
import { useTab } from '../context'
import { Term } from '../Term'

export function Facts({ finding }: { finding: Finding }) {
  const { alerts } = useTab()
  const { threshold, unit } = finding
  const newest = alerts.runOf.value.get(finding.run)?.last_step ?? null
  const measured = (value: number | null) => ({
    text: formatMeasured(value, unit),
    meaning: unitMeaning(unit),
  })
  const plain = (text: string) => ({ text, meaning: '' })
  const facts: [string, Explained][] = [
    ['run', plain(finding.run)],
    ['measured on', kindTerm(finding.kind)],
    ['value', measured(finding.value)],
    ...(threshold === null ? [] : [['limit', measured(threshold)] as [string, Explained]]),
    ['from step', plain(formatStep(finding.opened_step))],
    ['worst at', plain(formatStep(finding.peak_step))],
    ...(finding.state === 'open'
      ? []
      : [['last seen', plain(formatStep(finding.last_step))] as [string, Explained]]),
    ['state', plain(stateText(finding, newest))],
  ]
  return (
    <dl class="finding-facts">
      {facts.map(([name, term]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Term term={term} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
