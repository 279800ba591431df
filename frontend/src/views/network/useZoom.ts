/** The zoom of the network: by buttons, keys, Ctrl and the wheel, or two fingers. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { clampZoom, fittingZoom, type Size, scrollFor, wheelFactor } from '../../lib/zoom'
import { pointIn } from '../pointer'

export interface Zoom {
  scale: number
  /** Multiplies the scale; what is in the middle of the window stays there. */
  by: (factor: number) => void
  fit: () => void
}

interface Held {
  /** A point of the picture, at scale 1. */
  x: number
  y: number
  /** Its place in the window. */
  px: number
  py: number
}

export function useZoom(frame: { current: HTMLElement | null }, { width, height }: Size): Zoom {
  const [scale, setScale] = useState(1)
  const latest = useRef(scale)
  const held = useRef<Held | null>(null)
  const size = useRef({ width, height })
  size.current = { width, height }

  const set = (next: number, px?: number, py?: number) => {
    const { current } = frame
    if (!current) return
    const at = { px: px ?? current.clientWidth / 2, py: py ?? current.clientHeight / 2 }
    const before = latest.current
    const free = current.clientWidth - size.current.width * before
    // The window has not yet followed a change that was not painted: the point stays that one's.
    const { x, y } = held.current ?? {
      x: (current.scrollLeft + at.px - Math.max(0, free) / 2) / before,
      y: (current.scrollTop + at.py) / before,
    }
    held.current = { x, y, ...at }
    latest.current = clampZoom(next)
    setScale(latest.current)
  }

  useLayoutEffect(() => {
    const { current } = frame
    const point = held.current
    held.current = null
    if (!current || !point) return
    const free = current.clientWidth - width * scale
    current.scrollLeft = scrollFor(point.x, point.px, scale, free)
    current.scrollTop = scrollFor(point.y, point.py, scale, 0)
  }, [scale])

  useEffect(() => {
    const { current } = frame
    if (!current) return
    // The browser reports a pinch on a touchpad as Ctrl and the wheel.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1
      const { x, y } = pointIn(current, event)
      set(latest.current * wheelFactor(event.deltaY * lines), x, y)
    }
    let pinch: { distance: number; scale: number } | null = null
    const onTouch = (event: TouchEvent) => {
      const [a, b] = event.touches
      if (!a || !b) {
        pinch = null
        return
      }
      event.preventDefault()
      const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
      if (event.type === 'touchstart' || !pinch) pinch = { distance, scale: latest.current }
      else {
        const middle = {
          clientX: (a.clientX + b.clientX) / 2,
          clientY: (a.clientY + b.clientY) / 2,
        }
        const { x, y } = pointIn(current, middle)
        set((pinch.scale * distance) / Math.max(1, pinch.distance), x, y)
      }
    }
    // Not passive: the browser would zoom the whole page.
    current.addEventListener('wheel', onWheel, { passive: false })
    for (const type of TOUCHES) current.addEventListener(type, onTouch, { passive: false })
    return () => {
      current.removeEventListener('wheel', onWheel)
      for (const type of TOUCHES) current.removeEventListener(type, onTouch)
    }
  }, [frame])

  const fit = () => {
    const { current } = frame
    if (!current) return
    const { clientWidth, clientHeight } = current
    set(fittingZoom({ width, height }, { width: clientWidth, height: clientHeight - BELOW }))
  }
  return { scale, by: (factor) => set(latest.current * factor), fit }
}

/** The room of the buttons below the picture, as in the style sheet. */
const BELOW = 44

const TOUCHES = ['touchstart', 'touchmove', 'touchend', 'touchcancel'] as const
