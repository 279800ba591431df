/** The table's rows: incidents with their origin on top, the others of each folded below it. */

import type { Finding, Page } from '../contract'
import { groupBy } from './filter'
import { type Entry, keyOf } from './finding-entries'
import { itself, type Sort, sortBy } from './sort'

export interface TableRow {
  finding: Finding
  /** `keyOf` the finding. */
  key: string
  /** 1 for what stands on its own or leads an incident, 2 for what is folded below a lead. */
  level: 1 | 2
  /** How many more of its incident a lead has; 0 for all else. */
  others: number
  unfolded: boolean
  /** Whether others began with it: only then is there an origin to tell. */
  shared: boolean
  /** Which incident it belongs to, unique among all runs. */
  incident: string
}

/**
 * Incidents with their first members on top, which are the origins as long as these pass the filters. By severity they
 * keep the order in which they come, which must be `inOrder`: it knows how grave each is as a whole, so that a mild
 * origin does not hide what it brought about.
 */
export function groupFindings(
  entries: readonly Entry[],
  sort: Sort,
  isUnfolded: (incident: string) => boolean,
): TableRow[] {
  const groups = [...groupBy(entries, ({ incident }) => incident)].map(([incident, members]) => ({
    incident,
    members,
    lead: members[0] as Entry,
  }))
  const ownOrder = sort.column === 'severity'
  const sorted = ownOrder ? bySeverity(groups, sort) : sortBy(groups, ({ lead }) => lead, sort)
  return sorted.flatMap(({ incident, members, lead }) => {
    const unfolded = members.length > 1 && isUnfolded(incident)
    const head: TableRow = {
      finding: lead.finding,
      key: lead.key,
      level: 1,
      others: members.length - 1,
      unfolded,
      shared: members.length > 1,
      incident,
    }
    if (!unfolded) return [head]
    const rest = members.slice(1)
    return [head, ...(ownOrder ? rest : sortBy(rest, itself, sort)).map(folded)]
  })
}

/** Rows of the first page in its own order; what is folded below them has not arrived yet. */
export function pageRows(
  entries: readonly Entry[],
  { rows }: Page,
  isUnfolded: (incident: string) => boolean,
): TableRow[] {
  const entryOf = new Map(entries.map((entry) => [entry.key, entry]))
  return rows.flatMap(({ run, lead, findings }): TableRow[] => {
    const entry = entryOf.get(keyOf({ run, id: lead }))
    if (!entry) return []
    const { finding, key, incident } = entry
    const shared = findings > 1
    const unfolded = shared && isUnfolded(incident)
    return [{ finding, key, level: 1, others: findings - 1, unfolded, shared, incident }]
  })
}

/** One row a finding, for those who do not want them grouped. The entries come `inOrder`. */
export function flatRows(entries: readonly Entry[], sort: Sort): TableRow[] {
  const sizes = new Map<string, number>()
  for (const { incident } of entries) sizes.set(incident, (sizes.get(incident) ?? 0) + 1)
  return sortBy(entries, itself, sort).map(({ finding, key, incident }) => ({
    finding,
    key,
    level: 1,
    others: 0,
    unfolded: false,
    shared: (sizes.get(incident) ?? 0) > 1,
    incident,
  }))
}

/** As they come, or the least grave first. */
function bySeverity<T extends { lead: Entry }>(groups: readonly T[], sort: Sort): readonly T[] {
  const gravity = ({ lead }: T) => lead.finding.sort_key[0] as number
  return sort.descending ? groups : [...groups].sort((a, b) => gravity(b) - gravity(a))
}

function folded({ finding, key, incident }: Entry): TableRow {
  return { finding, key, level: 2, others: 0, unfolded: false, shared: true, incident }
}
