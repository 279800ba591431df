/** Keyboard navigation of the heatmap. */

import { cellAt } from '../../lib/heatmap-cells'
import { panned, zoomed } from '../../lib/step-axis'
import type { Range } from '../../lib/view-state'
import type { Cursor } from './cursor'
import type { PictureSize } from './useHeatmapPointer'

const PAGE = 10

export function useHeatmapKeys(
  frame: { current: HTMLElement | null },
  { lines, steps, range, whole, lineHeight }: PictureSize,
  cursor: Cursor | null,
  moveCursor: (cursor: Cursor) => void,
  activate: (cursor: Cursor) => void,
  zoom: (range: Range | null) => void,
) {
  const seen = [...steps].filter((step) => step >= range.from && step <= range.to)
  const at = cursor ?? { line: 0, step: seen[0] ?? range.from, spoken: true }
  const cell = Math.max(0, cellAt(Float64Array.from(seen), at.step))

  const to = (line: number, nextCell: number) => {
    const nextLine = Math.max(0, Math.min(lines.length - 1, line))
    const step = seen[Math.max(0, Math.min(seen.length - 1, nextCell))] ?? at.step
    moveCursor({ line: nextLine, step, spoken: true })
    const { current } = frame
    if (!current) return
    const [above, below] = [nextLine * lineHeight, (nextLine + 1) * lineHeight]
    if (above < current.scrollTop) current.scrollTop = above
    else if (below > current.scrollTop + current.clientHeight) {
      current.scrollTop = below - current.clientHeight
    }
  }
  const pan = (share: number) => zoom(panned(range, whole, share * (range.to - range.from)))

  const moves: Readonly<Record<string, () => void>> = {
    ArrowUp: () => to(at.line - 1, cell),
    ArrowDown: () => to(cursor ? at.line + 1 : 0, cell),
    ArrowLeft: () => to(at.line, cell - 1),
    ArrowRight: () => to(at.line, cursor ? cell + 1 : 0),
    PageUp: () => to(at.line - PAGE, cell),
    PageDown: () => to(at.line + PAGE, cell),
    Home: () => to(at.line, 0),
    End: () => to(at.line, seen.length - 1),
    '+': () => zoom(zoomed(range, whole, 0.5, at.step)),
    '=': () => zoom(zoomed(range, whole, 0.5, at.step)),
    '-': () => zoom(zoomed(range, whole, 2, at.step)),
    '0': () => zoom(null),
    Enter: () => activate(at),
  }
  return (event: KeyboardEvent) => {
    // A block's button handles its own keys.
    if (event.target !== frame.current || event.ctrlKey || event.metaKey || event.altKey) return
    const shifted = event.shiftKey && { ArrowLeft: -0.25, ArrowRight: 0.25 }[event.key]
    const move = shifted ? () => pan(shifted) : moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }
}
