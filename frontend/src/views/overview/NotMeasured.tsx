/** The tensors that are not measured, with the reasons. */

import type { Run } from '../../contract'
import { count } from '../../lib/numbers'

const SHOWN = 200

interface Group {
  reason: string
  tensors: { run: string; name: string }[]
}

export function NotMeasured({ runs }: { runs: readonly Run[] }) {
  const groups = groupByReason(runs)
  if (groups.length === 0) return null
  return (
    <section aria-label="Not measured">
      <h2 class="caption">Not measured</h2>
      <div class="side-note">
        {groups.map(({ reason, tensors }) => (
          <details key={reason}>
            <summary>
              {count(tensors.length, 'tensor')}: {reason}
            </summary>
            <ul>
              {tensors.slice(0, SHOWN).map(({ run, name }) => (
                <li key={`${run} ${name}`}>
                  <span class="mono">{name}</span>
                  {runs.length > 1 && ` · ${run}`}
                </li>
              ))}
              {tensors.length > SHOWN && <li>and {tensors.length - SHOWN} more</li>}
            </ul>
          </details>
        ))}
      </div>
    </section>
  )
}

function groupByReason(runs: readonly Run[]): Group[] {
  const groups = new Map<string, Group>()
  for (const { run, not_measured } of runs) {
    for (const { tensor, kind, reason } of not_measured) {
      const group = groups.get(reason) ?? { reason, tensors: [] }
      group.tensors.push({ run, name: `${tensor} ${kind}` })
      groups.set(reason, group)
    }
  }
  return [...groups.values()].sort((a, b) => b.tensors.length - a.tensors.length)
}
