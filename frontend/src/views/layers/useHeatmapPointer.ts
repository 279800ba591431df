/** Pointer input of the heatmap: hover, drag to zoom, wheel. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Line } from '../../lib/heatmap-rows'
import { panned, within, zoomed } from '../../lib/step-axis'
import type { Range } from '../../lib/view-state'
import { pointIn } from '../pointer'
import type { Cursor } from './cursor'

export interface PictureSize {
  lines: readonly Line[]
  steps: Float64Array
  range: Range
  whole: Range
  lineHeight: number
  width: number
}

type MoveCursor = (cursor: Cursor | null) => void
type Zoom = (range: Range | null) => void

/** A shorter drag is a click. */
const MIN_DRAG = 4

export function useHeatmapPointer(
  plot: { current: HTMLElement | null },
  picture: PictureSize,
  moveCursor: MoveCursor,
  activate: (cursor: Cursor) => void,
  zoom: Zoom,
) {
  const { lines, range, whole, lineHeight, width } = picture
  const [drag, setDrag] = useState<{ start: number; now: number } | null>(null)
  const stepAt = (x: number) => range.from + (x / Math.max(1, width)) * (range.to - range.from)
  const cursorAt = (event: PointerEvent): Cursor => {
    const { x, y } = pointIn(plot.current, event)
    const line = Math.max(0, Math.min(lines.length - 1, Math.floor(y / lineHeight)))
    return { line, step: stepAt(x), spoken: false }
  }

  const handlers = {
    onPointerMove: (event: PointerEvent) => {
      moveCursor(cursorAt(event))
      if (drag) setDrag({ ...drag, now: pointIn(plot.current, event).x })
    },
    onPointerLeave: ({ pointerType }: PointerEvent) => {
      // The reading of a tap stays.
      if (pointerType !== 'touch') moveCursor(null)
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType === 'touch') moveCursor(cursorAt(event))
      if (event.button !== 0 || event.pointerType === 'touch') return
      plot.current?.setPointerCapture(event.pointerId)
      const { x } = pointIn(plot.current, event)
      setDrag({ start: x, now: x })
    },
    onPointerCancel: () => setDrag(null),
    onPointerUp: (event: PointerEvent) => {
      setDrag(null)
      const far = drag !== null && Math.abs(drag.now - drag.start) >= MIN_DRAG
      if (!far) {
        activate(cursorAt(event))
        return
      }
      const [left, right] = [Math.min(drag.start, drag.now), Math.max(drag.start, drag.now)]
      zoom(within({ from: stepAt(left), to: stepAt(right) }, whole))
    },
    onDblClick: () => zoom(null),
  }

  // Preact's listeners are passive, and the page would zoom too.
  const latest = useRef({ picture, zoom, stepAt })
  latest.current = { picture, zoom, stepAt }
  useEffect(() => {
    const element = plot.current
    if (!element) return
    const onWheel = (event: WheelEvent) => {
      const { picture, zoom, stepAt } = latest.current
      const { range, whole, width } = picture
      const sideways = event.shiftKey ? event.deltaY : event.deltaX
      if (event.ctrlKey || event.metaKey) {
        const around = stepAt(pointIn(element, event).x)
        zoom(zoomed(range, whole, event.deltaY > 0 ? 1.25 : 0.8, around))
      } else if (Math.abs(sideways) > (event.shiftKey ? 0 : Math.abs(event.deltaY))) {
        if (range.to - range.from >= whole.to - whole.from) return
        zoom(panned(range, whole, (sideways / width) * (range.to - range.from)))
      } else return
      event.preventDefault()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [plot])

  const dragged = drag && {
    left: Math.min(drag.start, drag.now),
    width: Math.abs(drag.now - drag.start),
  }
  return { handlers, dragged: dragged && dragged.width >= MIN_DRAG ? dragged : null }
}
