/** The table's scroll position, adjusted when rows above it change. */

import type { RefObject } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { anchoredScroll, scrollToRow } from '../../lib/row-window'
import type { Sort } from '../../lib/sort'

/** As in table.css. */
export const ROW_HEIGHT = 33
/** The height of the sticky head, which covers rows. */
const HEAD_HEIGHT = 32

export interface Scroll {
  element: RefObject<HTMLDivElement | null>
  top: number
  viewport: number
  onScroll: () => void
  reveal: (row: number) => void
}

export function useScroll(keys: readonly string[], sort: Sort): Scroll {
  const element = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [viewport, setViewport] = useState(600)
  const before = useRef({ keys, sort })
  const present = keys.length > 0

  useLayoutEffect(() => {
    const { current } = element
    const last = before.current
    before.current = { keys, sort }
    if (!current || last.keys === keys) return
    // A new order starts at the top.
    current.scrollTop =
      last.sort === sort ? anchoredScroll(last.keys, keys, current.scrollTop, ROW_HEIGHT) : 0
    setTop(current.scrollTop)
  }, [keys, sort])

  useEffect(() => {
    const { current } = element
    if (!present || !current) return
    const measure = () => {
      // Zero while TensorBoard hides the tab; the mounted rows stay.
      if (current.clientHeight > 0) setViewport(current.clientHeight)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    return () => observer.disconnect()
  }, [present])

  const onScroll = useCallback(() => setTop(element.current?.scrollTop ?? 0), [])

  const reveal = useCallback((row: number) => {
    const { current } = element
    if (!current || current.clientHeight === 0) return
    const visible = current.clientHeight - HEAD_HEIGHT
    current.scrollTop = scrollToRow(row, current.scrollTop, visible, ROW_HEIGHT)
  }, [])

  return { element, top, viewport, onScroll, reveal }
}
