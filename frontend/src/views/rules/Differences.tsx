/** The findings that the tried rules add, remove or change. */

import type { FindingSummary, Severity } from '../../contract'
import { SEVERITIES } from '../../contract'
import { keyOf } from '../../lib/finding-entries'
import { formatStep } from '../../lib/numbers'
import { sameFinding, titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../Swatch'
import { Disclosure } from './Disclosure'

/** The maximum number of findings listed. */
const MAX_SHOWN = 200

interface Shown extends FindingSummary {
  /** Its severity under the rules in force, if different. */
  before?: Severity
}

export function Differences() {
  const { rules } = useTab()
  const judged = rules.judged.value
  if (judged === null) return null
  const changed = judged.changed.map((one) => ({ ...one, severity: one.after }))
  return (
    <>
      <Findings title={`+${formatStep(judged.added.length)} added`} findings={judged.added} />
      <Findings title={`−${formatStep(judged.removed.length)} removed`} findings={judged.removed} />
      <Findings title={`${formatStep(changed.length)} of other severity`} findings={changed} />
    </>
  )
}

function Findings({ title, findings }: { title: string; findings: readonly Shown[] }) {
  if (findings.length === 0) return null
  const worstFirst = [...findings].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  )
  return (
    <Disclosure title={title}>
      <ul class="part-list">
        {worstFirst.slice(0, MAX_SHOWN).map((finding) => (
          <li key={keyOf(finding)}>
            <Row finding={finding} />
          </li>
        ))}
        {findings.length > MAX_SHOWN && (
          <li class="found muted">and {formatStep(findings.length - MAX_SHOWN)} more</li>
        )}
      </ul>
    </Disclosure>
  )
}

/** A finding; it links to its evidence if the rules in force found it too. */
function Row({ finding }: { finding: Shown }) {
  const { rules, view } = useTab()
  const { run, id } = finding
  if (!rules.found.value.keys.has(keyOf(finding))) {
    return (
      <div class="found">
        <Words finding={finding} />
      </div>
    )
  }
  return (
    <button
      class="found"
      type="button"
      aria-pressed={sameFinding(view.current.value.opened, finding)}
      onClick={() => view.change({ opened: { run, id } })}
    >
      <Words finding={finding} />
    </button>
  )
}

function Words({ finding }: { finding: Shown }) {
  const { server } = useTab()
  const { before, severity, symptom, tensor, kind, run } = finding
  return (
    <>
      <span class="found-line">
        {before && (
          <>
            <span class={`chip ${before}`}>{before}</span> →{' '}
          </>
        )}
        <span class={`chip ${severity}`}>{severity}</span> <bdi class="mono">{tensor}</bdi>{' '}
        {kind !== tensor && <span class="kind">{kind}</span>}
      </span>{' '}
      <span class="found-line muted">
        {titleOf(server)(symptom)} · <Swatch run={run} /> {run}
      </span>
    </>
  )
}
