/** What is new or worse in a run against another one, as `gradhealth check --baseline` compares reports. */

import { type Finding, SEVERITIES } from '../contract'

export type Change = 'new' | 'worse' | 'known'

export interface AgainstBaseline {
  /** By the id of a finding of the run. */
  changes: ReadonlyMap<string, Change>
  counts: Readonly<Record<Change | 'gone', number>>
}

/** An id is made of symptom, kind and tensor, so equal ids mean the same finding. Muted findings do not count. */
export function againstBaseline(
  findings: readonly Finding[],
  baseline: readonly Finding[],
): AgainstBaseline {
  const earlier = new Map(
    baseline.filter(({ muted }) => !muted).map((finding) => [finding.id, finding]),
  )
  const counted = findings.filter(({ muted }) => !muted)
  const changes = new Map(
    counted.map((finding) => [finding.id, changeOf(finding, earlier.get(finding.id))]),
  )
  const counts = { new: 0, worse: 0, known: 0, gone: 0 }
  for (const change of changes.values()) counts[change]++
  counts.gone = [...earlier.keys()].filter((id) => !changes.has(id)).length
  return { changes, counts }
}

function changeOf(finding: Finding, earlier: Finding | undefined): Change {
  if (!earlier) return 'new'
  const graver = SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(earlier.severity)
  return graver ? 'worse' : 'known'
}

/** "2 new, 1 worse, 3 gone"; "nothing new". */
export function changeText({ counts }: AgainstBaseline): string {
  const parts = (['new', 'worse', 'gone'] as const)
    .filter((change) => counts[change] > 0)
    .map((change) => `${counts[change]} ${change}`)
  if (counts.new + counts.worse === 0) parts.unshift('nothing new')
  return parts.join(', ')
}
