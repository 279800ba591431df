/** A small picture of a large network with the part that the window shows; a press or drag moves it. */

import { useEffect, useRef } from 'preact/hooks'
import { NODE } from '../../lib/network-layout'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { pointIn } from '../pointer'
import type { Shown } from './Picture'

const HEIGHT = 220
const MIN_WIDTH = 40
const MAX_WIDTH = 110

interface NetworkOverviewProps {
  shown: Shown
  /** The part of the picture that the window shows, at scale 1. */
  part: { left: number; top: number; width: number; height: number }
  /** Moves the middle of the window to a point of the picture. */
  onMove: (x: number, y: number) => void
}

export function NetworkOverview({ shown, part, onMove }: NetworkOverviewProps) {
  const { host } = useTab()
  const canvas = useRef<HTMLCanvasElement>(null)
  const { placed, found, way } = shown
  const height = Math.min(HEIGHT, placed.height)
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, (placed.width / placed.height) * height))
  // Not in proportion for a long chain: its nodes would be thinner than a pixel.
  const [sx, sy] = [width / placed.width, height / placed.height]
  const dark = host.dark.value
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!canvas.current || !context) return
    const ratio = devicePixelRatio || 1
    canvas.current.width = Math.round(width * ratio)
    canvas.current.height = Math.round(height * ratio)
    context.scale(ratio, ratio)
    const tokens = tokensFor(dark)
    const [w, h] = [Math.max(2, NODE.width * sx), Math.max(1, NODE.height * sy)]
    // What was found is above the rest, and thick enough to be seen.
    for (const severity of [null, 'info', 'warning', 'critical'] as const) {
      context.fillStyle = severity === null ? tokens.control : tokens[severity]
      for (const [id, { x, y }] of placed.centres) {
        const worst = way.has(id) ? 'critical' : (found.get(id)?.[0]?.severity ?? null)
        if (worst !== severity) continue
        const thick = severity === null ? h : Math.max(2, h)
        context.fillRect(x * sx - w / 2, y * sy - thick / 2, w, thick)
      }
    }
  }, [placed, found, way, dark, width, height])
  const move = (event: PointerEvent) => {
    if (event.type === 'pointermove' && event.buttons === 0) return
    const overview = event.currentTarget as Element
    overview.setPointerCapture(event.pointerId)
    // The last pixel is the end of the picture, of which it may be more than a window.
    const { x, y } = pointIn(overview, event)
    onMove((x / (width - 1)) * placed.width, (y / (height - 1)) * placed.height)
  }
  const inside = (length: number, all: number) => Math.min(all, Math.max(4, length))
  return (
    // The keyboard walks through the network itself.
    <div
      class="network-overview"
      aria-hidden="true"
      style={{ width: `${width}px`, height: `${height}px` }}
      onPointerDown={move}
      onPointerMove={move}
    >
      <canvas ref={canvas} />
      <span
        class="network-part"
        style={{
          left: `${Math.max(0, part.left * sx)}px`,
          top: `${part.top * sy}px`,
          width: `${inside(part.width * sx, width)}px`,
          height: `${inside(part.height * sy, height)}px`,
        }}
      />
    </div>
  )
}
