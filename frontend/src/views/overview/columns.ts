/** The columns of the alert table, in order, and those that fit. */

import type { SortColumn } from '../../lib/sort'

export interface Column {
  name: string
  /** The sort column and the name of its width; null for trends, which have no order. */
  sort: SortColumn | null
  class: string
  /** The least width in pixels, and the share of the remaining room. */
  width: number
  grows: number
  /** The table's width from which the column is shown by itself: the evidence repeats what is left out. */
  from: number
}

export const COLUMNS: readonly Column[] = [
  { name: 'Severity', sort: 'severity', class: '', width: 110, grows: 0, from: 0 },
  { name: 'Symptom', sort: 'symptom', class: '', width: 158, grows: 0.6, from: 0 },
  { name: 'Layer', sort: 'layer', class: '', width: 140, grows: 1, from: 0 },
  { name: 'Run', sort: 'run', class: '', width: 100, grows: 0.5, from: 0 },
  { name: 'Opened', sort: 'opened', class: 'number opened-at', width: 64, grows: 0, from: 700 },
  { name: 'Last seen', sort: 'seen', class: 'number seen', width: 78, grows: 0, from: 1020 },
  { name: 'Value / limit', sort: 'value', class: 'number', width: 130, grows: 0, from: 0 },
  { name: 'State', sort: 'state', class: 'state', width: 112, grows: 0.3, from: 840 },
  { name: 'Trend', sort: null, class: 'trend', width: 88, grows: 0, from: 800 },
]

/** The chosen columns, else those that fit into the width; all while it is unknown. */
export function shownColumns(chosen: readonly string[], width: number): readonly Column[] {
  const selected = COLUMNS.filter(({ name }) => chosen.includes(name))
  if (selected.length > 0) return selected
  return COLUMNS.filter(({ from }) => width === 0 || from <= width)
}

/** The columns' widths as CSS; resized ones are in pixels. */
export function columnStyle(
  columns: readonly Column[],
  widths: Readonly<Record<string, number>>,
): Record<string, string> {
  const resized = ({ sort }: Column) => (sort === null ? undefined : widths[sort])
  const tracks = columns.map((column) => {
    const pixels = resized(column)
    if (pixels !== undefined) return `${pixels}px`
    return column.grows > 0 ? `minmax(${column.width}px, ${column.grows}fr)` : `${column.width}px`
  })
  const least = columns.reduce((sum, column) => sum + (resized(column) ?? column.width), 0)
  return { '--columns': tracks.join(' '), '--least': `${least}px` }
}
