/** The columns of the alert table, in order. */

import type { SortColumn } from '../../lib/sort'

export interface Column {
  name: string
  /** The sort column and the name of its width; null for trends, which have no order. */
  sort: SortColumn | null
  class: string
}

export const COLUMNS: readonly Column[] = [
  { name: 'Severity', sort: 'severity', class: '' },
  { name: 'Symptom', sort: 'symptom', class: '' },
  { name: 'Layer', sort: 'layer', class: '' },
  { name: 'Run', sort: 'run', class: '' },
  { name: 'Opened', sort: 'opened', class: 'number opened-at' },
  { name: 'Last seen', sort: 'seen', class: 'number seen' },
  { name: 'Value / limit', sort: 'value', class: 'number' },
  { name: 'State', sort: 'state', class: 'state' },
  { name: 'Trend', sort: null, class: 'trend' },
]

/** The resized widths as CSS custom properties; the style sheet has the defaults. */
export function widthStyle(widths: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(widths).map(([name, width]) => [`--w-${name}`, `${width}px`]),
  )
}
