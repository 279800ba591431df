/** The counts of findings by severity, under the rules in force and under the tried rules. */

import { SEVERITIES } from '../../contract'
import { formatStep } from '../../lib/numbers'
import { useTab } from '../context'

export function Counts() {
  const { rules } = useTab()
  const judged = rules.judged.value
  const found = rules.found.value.bySeverity
  return (
    <ul class="counts" aria-label="Findings by severity">
      {SEVERITIES.map((severity) => {
        const before = judged?.counts.before[severity] ?? found[severity] ?? 0
        const after = judged?.counts.after[severity] ?? before
        return (
          <li key={severity}>
            <span class={`chip ${severity}`}>
              {severity} {formatStep(before)}
              {after !== before && (
                <>
                  {' '}
                  → <strong>{formatStep(after)}</strong>
                </>
              )}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
