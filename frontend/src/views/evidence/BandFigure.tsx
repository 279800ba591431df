/** A band of cells as a figure: caption, canvas aligned with the charts, and the text of the cell. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { PLOT_LEFT, PLOT_RIGHT, paintBand } from '../../draw/band'
import type { Band } from '../../lib/band'
import { cellAt } from '../../lib/heatmap-cells'
import { formatStep } from '../../lib/numbers'
import type { Range } from '../../lib/view-state'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { useWidth } from '../useWidth'

interface BandFigureProps {
  title: string
  /** The text alternative. */
  summary: string
  band: Band
  colour: 'series' | 'info'
  range: Range
  rowHeight: number
}

export function BandFigure({ title, summary, band, colour, range, rowHeight }: BandFigureProps) {
  const { host, evidence } = useTab()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const width = useWidth(canvas)
  const height = Math.max(40, band.rows * rowHeight)
  const dark = host.dark.value
  const { from, to } = range
  useEffect(() => {
    if (!canvas.current || width === 0) return
    const tokens = tokensFor(dark)
    const ramp = [tokens.grid, tokens[colour]] as const
    paintBand(canvas.current, band, { width, height, from, to }, ramp, tokens)
  }, [band, dark, width, height, from, to, colour])

  const step = evidence.cursor.value
  const row = hovered ?? (band.own >= 0 ? band.own : null)
  const onPointerMove = (event: PointerEvent) => {
    evidence.cursor.value = from + (event.offsetX / width) * (to - from)
    setHovered(
      Math.max(0, Math.min(band.rows - 1, Math.floor((event.offsetY / height) * band.rows))),
    )
  }
  const leave = () => {
    evidence.cursor.value = null
    setHovered(null)
  }
  const column = step === null ? band.steps.length - 1 : Math.max(0, cellAt(band.steps, step))
  return (
    <figure class="chart">
      <figcaption class="caption">{title}</figcaption>
      <div class="band" style={{ height: `${height}px` }}>
        <div class="band-labels" aria-hidden="true">
          {band.labels.map(({ row, text }) => (
            <span key={row} style={{ top: `${((row + 0.5) * height) / band.rows}px` }}>
              {text}
            </span>
          ))}
        </div>
        <div class="band-plot" style={{ left: `${PLOT_LEFT}px`, right: `${PLOT_RIGHT}px` }}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={summary}
            onPointerMove={onPointerMove}
            onPointerLeave={leave}
          />
          {step !== null && step >= from && step <= to && (
            <span class="band-cursor" style={{ left: `${((step - from) / (to - from)) * 100}%` }} />
          )}
        </div>
      </div>
      <p class="legend">
        <span>step {formatStep(band.steps[column] ?? null)}</span>
        {row !== null && <span class="cell-reading">{band.describe(row, column)}</span>}
      </p>
    </figure>
  )
}
