/** Which rows of a long table are in the document: rows have one height, so it is arithmetic. */

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

/** The window's rows and the active one, which stays mounted: aria-activedescendant points at it. */
export function mountedRows({ first, end }: RowWindow, active: number): number[] {
  const rows = Array.from({ length: end - first }, (_, i) => first + i)
  if (active >= 0 && active < first) rows.unshift(active)
  if (active >= end) rows.push(active)
  return rows
}

/** The scroll position that brings a row wholly into sight with the least movement. */
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

/** The scroll position that leaves the first visible row where it was after rows came or went above it. */
export function anchoredScroll(
  before: readonly string[],
  after: readonly string[],
  scrollTop: number,
  rowHeight: number,
): number {
  if (scrollTop < rowHeight) return scrollTop // at the top, new alerts should be seen
  const index = Math.floor(scrollTop / rowHeight)
  const anchor = before[index]
  const moved = anchor === undefined ? -1 : after.indexOf(anchor)
  return moved < 0 ? scrollTop : scrollTop + (moved - index) * rowHeight
}
