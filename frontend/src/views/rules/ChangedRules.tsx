/** The differences between the tried rules and those in force. */

import type { RulesAnswer } from '../../contract'
import { formatLimit, words } from '../../lib/limit-text'
import { count } from '../../lib/numbers'
import { changesOf, mutesOf } from '../../lib/rule-document'
import { useTab } from '../context'
import { Disclosure } from './Disclosure'
import { sectionId } from './SymptomSection'

export function ChangedRules({ inForce }: { inForce: RulesAnswer }) {
  const { rules } = useTab()
  const document = rules.document.value
  const changes = changesOf(document, inForce.rules, inForce.symptoms)
  const [before, after] = [mutesOf(inForce.rules), mutesOf(document)].map((mutes) =>
    mutes.map(({ reason }) => reason),
  ) as [string[], string[]]
  const added = after.filter((reason) => !before.includes(reason))
  const removed = before.filter((reason) => !after.includes(reason))
  const all = changes.length + added.length + removed.length
  if (all === 0) return null
  return (
    <Disclosure title={count(all, 'changed rule')}>
      <ul class="part-list">
        {changes.map(({ symptom, title, name, before, after }) => (
          <li key={`${symptom} ${name}`}>
            <button class="found" type="button" onClick={() => reveal(sectionId(symptom))}>
              <span>
                {title}: {NAMES[name] ?? words(name)}
              </span>{' '}
              <span class="values">
                {shown(before)} → <strong>{shown(after)}</strong>
              </span>
            </button>
          </li>
        ))}
        {added.map((reason) => (
          <li class="found" key={`+${reason}`}>
            Muted now: {reason}
          </li>
        ))}
        {removed.map((reason) => (
          <li class="found" key={`-${reason}`}>
            No longer muted: {reason}
          </li>
        ))}
      </ul>
    </Disclosure>
  )
}

/** The names of the settings in the controls. */
const NAMES: Readonly<Record<string, string>> = {
  enabled: 'judged',
  least_severity: 'severity at least',
  most_severity: 'severity at most',
  include: 'only of',
  exclude: 'not of',
}

function reveal(id: string): void {
  document.getElementById(id)?.scrollIntoView({ block: 'start' })
}

function shown(value: unknown): string {
  if (typeof value === 'number') return formatLimit(value)
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value)
}
