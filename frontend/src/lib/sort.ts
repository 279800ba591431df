/** The order of the alert table. */

import type { Finding } from '../contract'
import type { Entry } from './finding-entries'

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

/** Sorted by the server's key. The entries come as the server lists runs and their findings. */
export function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => compareKeys(a.finding.sort_key, b.finding.sort_key))
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** The items of a table sorted like this. They must come `inOrder`, which is left among equals. */
export function sortBy<T>(items: readonly T[], entryOf: (item: T) => Entry, sort: Sort): T[] {
  const value = ascending(sort.column, items.map(entryOf))
  const sign = sort.descending ? -1 : 1
  // Each number once: a comparison that looked into the findings would do so a million times.
  const keys = Float64Array.from(items, (item) => sign * value(entryOf(item)))
  const places = Array.from(items, (_, i) => i)
  places.sort((a, b) => (keys[a] as number) - (keys[b] as number))
  return places.map((place) => items[place] as T)
}

export const itself = (entry: Entry) => entry

function ascending(column: SortColumn, entries: readonly Entry[]): (entry: Entry) => number {
  switch (column) {
    case 'severity':
      return ({ badness }) => badness
    case 'symptom':
      return inAlphabet(entries, ({ finding }) => finding.symptom)
    case 'layer':
      return ({ tensor }) => tensor.position
    case 'run':
      return ({ run }) => run.position
    case 'opened':
      return ({ finding }) => finding.opened_step
    case 'seen':
      return ({ finding }) => finding.last_step
    case 'value':
      return ({ finding }) => excess(finding)
    case 'state':
      return inAlphabet(entries, ({ finding }) => finding.state)
  }
}

function inAlphabet(entries: readonly Entry[], text: (entry: Entry) => string) {
  const words = [...new Set(entries.map(text))].sort(byText)
  const places = new Map(words.map((word, place) => [word, place]))
  return (entry: Entry) => places.get(text(entry)) ?? 0
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What a click on a column's header asks for: what tells how bad it is starts with the worst. */
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
