/** The rows of a long table that are in the document; all rows have the same height. */

export interface RowWindow {
  first: number
  /** One past the last. */
  end: number
}

export function rowWindow(
  scrollTop: number,
  viewport: number,
  rowHeight: number,
  count: number,
  overscan: number,
): RowWindow {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan)
  const end = Math.min(count, Math.ceil((scrollTop + viewport) / rowHeight) + overscan)
  return { first: Math.min(first, Math.max(0, end)), end: Math.max(0, end) }
}

/** The rows of the window and the active row, which stays mounted for aria-activedescendant. */
export function mountedRows({ first, end }: RowWindow, active: number): number[] {
  const rows = Array.from({ length: end - first }, (_, i) => first + i)
  if (active >= 0 && active < first) rows.unshift(active)
  if (active >= end) rows.push(active)
  return rows
}

/** The nearest scroll position at which a row is fully visible. */
export function scrollToRow(
  row: number,
  scrollTop: number,
  viewport: number,
  rowHeight: number,
): number {
  const top = row * rowHeight
  if (top < scrollTop) return top
  return Math.max(scrollTop, top + rowHeight - viewport)
}

/** The scroll position that keeps the first visible row in position after rows above it changed. */
export function anchoredScroll(
  before: readonly string[],
  after: readonly string[],
  scrollTop: number,
  rowHeight: number,
): number {
  if (scrollTop < rowHeight) return scrollTop // at the top, new alerts stay visible
  const index = Math.floor(scrollTop / rowHeight)
  const anchor = before[index]
  const moved = anchor === undefined ? -1 : after.indexOf(anchor)
  return moved < 0 ? scrollTop : scrollTop + (moved - index) * rowHeight
}
