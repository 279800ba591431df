/** The active row of the keyboard, tracked by its finding so that a refresh does not move it. */

import { useRef, useState } from 'preact/hooks'
import type { Finding } from '../../contract'
import type { TableRow } from '../../lib/incidents'
import { ROW_HEIGHT, type Scroll } from './useScroll'

export interface ActiveRow {
  /** The index of the row; -1 before the first key. */
  index: number
  /** Moves on by a number of rows, also from a row that is not rendered as active yet; returns the index. */
  moveBy: (rows: number) => number
  /** Makes the nearest row to the index active; returns its index. */
  set: (index: number) => number
  onKeyDown: (event: KeyboardEvent) => void
}

interface RowActions {
  open: (finding: Finding) => void
  fold: (row: TableRow) => void
}

export function useActiveRow(
  rows: readonly TableRow[],
  keys: readonly string[],
  scroll: Scroll,
  { open, fold }: RowActions,
): ActiveRow {
  const [key, setKey] = useState<string | null>(null)
  const lastIndex = useRef(-1)
  // If the row is gone, the row below it becomes active.
  const found = key === null ? -1 : keys.indexOf(key)
  const index =
    key === null ? -1 : found >= 0 ? found : Math.min(lastIndex.current, keys.length - 1)
  lastIndex.current = index

  const set = (next: number) => {
    const row = Math.max(0, Math.min(rows.length - 1, next))
    setKey(keys[row] ?? null)
    lastIndex.current = row
    scroll.reveal(row)
    return row
  }

  const moveBy = (rowsOn: number) => set(lastIndex.current + rowsOn)

  const page = Math.max(1, Math.floor(scroll.viewport / ROW_HEIGHT) - 2)
  const moves: Record<string, number> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: rows.length - 1,
  }

  const onKeyDown = (event: KeyboardEvent) => {
    // A header's button handles its own keys.
    if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey)
      return
    const move = moves[event.key]
    const row = rows[index]
    if (move !== undefined) set(move)
    else if (row === undefined) return
    else if (event.key === 'Enter' || event.key === ' ') open(row.finding)
    else if (event.key === 'ArrowRight' && row.others > 0 && !row.unfolded) fold(row)
    else if (event.key === 'ArrowLeft' && row.unfolded) fold(row)
    else if (event.key === 'ArrowLeft' && row.level === 2) set(leadOf(rows, index))
    else return
    event.preventDefault()
  }

  return { index, moveBy, set, onKeyDown }
}

function leadOf(rows: readonly TableRow[], index: number): number {
  return rows.findLastIndex(({ level }, i) => i < index && level === 1)
}
