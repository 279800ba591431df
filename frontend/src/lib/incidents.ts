/** The table's rows: incidents with their origin on top, the others of each folded below it. */

import type { Finding } from '../contract'
import { countBy, groupBy } from './filter'
import { compareFindings, type NaturalOrder, type Sort } from './sort'

export interface TableRow {
  finding: Finding
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

/** An incident's name among those of all runs. */
export function incidentKey({ run, id, incident }: Finding): string {
  return `${incident || id}:${run}`
}

/**
 * Incidents in the order of their leads; but by severity in the order of their worst, so that a mild
 * origin does not hide what it brought about.
 */
export function groupFindings(
  findings: readonly Finding[],
  sort: Sort,
  order: NaturalOrder,
  isUnfolded: (incident: string) => boolean,
): TableRow[] {
  const compare = compareFindings(sort, order)
  const worstFirst = compareFindings({ column: 'severity', descending: true }, order)
  const groups = [...groupBy(findings, incidentKey)].map(([incident, members]) => {
    const lead = members.find(({ origin }) => origin) ?? least(members, worstFirst)
    const standsFor = sort.column === 'severity' ? least(members, worstFirst) : lead
    return { incident, members, lead, standsFor }
  })
  groups.sort((a, b) => compare(a.standsFor, b.standsFor))
  return groups.flatMap(({ incident, members, lead }) => {
    const unfolded = members.length > 1 && isUnfolded(incident)
    const head: TableRow = {
      finding: lead,
      level: 1,
      others: members.length - 1,
      unfolded,
      shared: members.length > 1,
      incident,
    }
    if (!unfolded) return [head]
    const rest = members.filter((member) => member !== lead).sort(compare)
    return [head, ...rest.map((finding) => folded(finding, incident))]
  })
}

/** One row a finding, for those who do not want them grouped. */
export function flatRows(
  findings: readonly Finding[],
  sort: Sort,
  order: NaturalOrder,
): TableRow[] {
  const sizes = countBy(findings, incidentKey)
  const sorted = [...findings].sort(compareFindings(sort, order))
  return sorted.map((finding) => ({
    finding,
    level: 1,
    others: 0,
    unfolded: false,
    shared: (sizes[incidentKey(finding)] ?? 0) > 1,
    incident: incidentKey(finding),
  }))
}

function folded(finding: Finding, incident: string): TableRow {
  return { finding, level: 2, others: 0, unfolded: false, shared: true, incident }
}

function least(findings: readonly Finding[], compare: (a: Finding, b: Finding) => number): Finding {
  return findings.reduce((best, finding) => (compare(finding, best) < 0 ? finding : best))
}
