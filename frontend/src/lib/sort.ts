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

/** The place of each name: found once for a set of findings, since comparing names is slow. */
export type NaturalOrder = ReadonlyMap<string, number>

export function naturalOrder(findings: readonly Finding[]): NaturalOrder {
  const names = new Set<string>()
  for (const { run, tensor } of findings) names.add(run).add(tensor)
  return new Map([...names].sort(natural).map((name, place) => [name, place]))
}

const BADNESS = new Map(SEVERITIES.map((severity, i) => [severity, SEVERITIES.length - i]))
const badness = ({ severity }: Finding) => BADNESS.get(severity) ?? 0

function ascending(column: SortColumn, order: NaturalOrder): Compare {
  const place = (name: string) => order.get(name) ?? 0
  const compares: Record<SortColumn, Compare> = {
    severity: (a, b) => badness(a) - badness(b),
    symptom: (a, b) => byText(a.symptom, b.symptom),
    layer: (a, b) => place(a.tensor) - place(b.tensor),
    run: (a, b) => place(a.run) - place(b.run),
    opened: (a, b) => a.opened_step - b.opened_step,
    seen: (a, b) => a.last_step - b.last_step,
    value: (a, b) => excess(a) - excess(b),
    state: (a, b) => byText(a.state, b.state),
  }
  return compares[column]
}

/** The comparison that a table sorted like this needs. */
export function compareFindings(sort: Sort, order: NaturalOrder): Compare {
  const primary = ascending(sort.column, order)
  const sign = sort.descending ? -1 : 1
  const place = (name: string) => order.get(name) ?? 0
  return (a, b) =>
    sign * primary(a, b) ||
    badness(b) - badness(a) ||
    a.opened_step - b.opened_step ||
    Number(b.origin) - Number(a.origin) ||
    place(a.run) - place(b.run) ||
    place(a.tensor) - place(b.tensor) ||
    byText(a.id, b.id)
}

export function sortFindings(findings: readonly Finding[], sort: Sort): Finding[] {
  return [...findings].sort(compareFindings(sort, naturalOrder(findings)))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
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
