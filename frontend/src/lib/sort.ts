/** The order of the alert table. */

import { type Finding, SEVERITIES } from '../contract'

export const SORT_COLUMNS = [
  'severity',
  'symptom',
  'layer',
  'run',
  'opened',
  'seen',
  'value',
  'state',
] as const

export type SortColumn = (typeof SORT_COLUMNS)[number]

export interface Sort {
  column: SortColumn
  descending: boolean
}

/** Worst first: what needs a person is at the top. */
export const DEFAULT_SORT: Sort = { column: 'severity', descending: true }

type Compare = (a: Finding, b: Finding) => number

// Numeric, so that dense_2 comes before dense_10. One collator: making one per comparison is 100 × slower.
const { compare: natural } = new Intl.Collator('en', { numeric: true })

const badness = (finding: Finding) => SEVERITIES.length - SEVERITIES.indexOf(finding.severity)

const ASCENDING: Record<SortColumn, Compare> = {
  severity: (a, b) => badness(a) - badness(b),
  symptom: (a, b) => natural(a.symptom, b.symptom),
  layer: (a, b) => natural(a.tensor, b.tensor),
  run: (a, b) => natural(a.run, b.run),
  opened: (a, b) => a.opened_step - b.opened_step,
  seen: (a, b) => a.last_step - b.last_step,
  value: (a, b) => excess(a) - excess(b),
  state: (a, b) => natural(a.state, b.state),
}

export function sortFindings(findings: readonly Finding[], sort: Sort): Finding[] {
  const primary = ASCENDING[sort.column]
  const sign = sort.descending ? -1 : 1
  return [...findings].sort((a, b) => sign * primary(a, b) || tieBreak(a, b))
}

/** What a click on a column's header asks for: numbers of badness start with the worst. */
export function nextSort(current: Sort, column: SortColumn): Sort {
  if (current.column === column) return { column, descending: !current.descending }
  return { column, descending: column === 'severity' || column === 'value' }
}

/** How many times a finding is beyond its limit, whichever side of it is the bad one. */
export function excess({ value, threshold }: Finding): number {
  if (value === null || threshold === null) return Number.MAX_VALUE
  if (value === threshold) return 1
  const ratio = Math.abs(value / threshold)
  if (Number.isNaN(ratio)) return 1
  return Math.min(Math.max(ratio, 1 / ratio), Number.MAX_VALUE)
}

function tieBreak(a: Finding, b: Finding): number {
  return (
    badness(b) - badness(a) ||
    a.opened_step - b.opened_step ||
    Number(b.origin) - Number(a.origin) ||
    natural(a.run, b.run) ||
    natural(a.tensor, b.tensor) ||
    natural(a.id, b.id)
  )
}
