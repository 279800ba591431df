/** The facet filters of the table: the entries that pass, and the count of each choice. */

import type { FindingState, Severity } from '../contract'
import { isSelected } from './filter'
import type { Entry, Traits } from './finding-entries'

export const FACETS = ['severity', 'state', 'symptom', 'kind'] as const
type Facet = (typeof FACETS)[number]

export interface FacetCounts {
  severity: Partial<Record<Severity, number>>
  state: Partial<Record<FindingState, number>>
  symptom: Readonly<Record<string, number>>
  kind: Readonly<Record<string, number>>
  muted: number
}

export interface FacetResult {
  passing: readonly Entry[]
  /** The number of findings of each choice under the filters of all other facets. */
  counts: FacetCounts
}

/** Tests each distinct combination of facets once, not each finding. */
export function applyFacets(
  entries: readonly Entry[],
  selection: Readonly<Record<Facet, readonly string[]>>,
  showsMuted: boolean,
): FacetResult {
  const counts: FacetCounts = { severity: {}, state: {}, symptom: {}, kind: {}, muted: 0 }
  const included = new Set<Traits>()
  const all = countTraits(entries)
  for (const [traits, n] of all) {
    const excludedBy = FACETS.filter((facet) => !isSelected(selection[facet], traits[facet]))
    if (excludedBy.length === 0 && traits.muted) counts.muted += n
    if (traits.muted && !showsMuted) continue
    if (excludedBy.length === 0) included.add(traits)
    if (excludedBy.length > 1) continue
    // A finding that one facet alone excludes counts for that facet.
    for (const facet of excludedBy.length === 0 ? FACETS : excludedBy) {
      add(counts[facet], traits[facet], n)
    }
  }
  const passing =
    included.size === all.size ? entries : entries.filter(({ traits }) => included.has(traits))
  return { passing, counts }
}

function countTraits(entries: readonly Entry[]): Map<Traits, number> {
  const counts = new Map<Traits, number>()
  for (const { traits } of entries) counts.set(traits, (counts.get(traits) ?? 0) + 1)
  return counts
}

function add(counts: Partial<Record<string, number>>, value: string, n: number): void {
  counts[value] = (counts[value] ?? 0) + n
}
