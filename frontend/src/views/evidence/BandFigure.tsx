/** A band of cells as a figure: caption, canvas aligned with the charts, and the text of the cell. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { PLOT_LEFT, PLOT_RIGHT, paintBand } from '../../draw/band'
import type { Band } from '../../lib/band'
import { cellAt } from '../../lib/heatmap-cells'
import type { Range } from '../../lib/view-state'
import { axisTicks, placeOf, stepAtPlace } from '../../lib/x-axis'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { useWidth } from '../useWidth'
import { Download } from './Download'
import { useEvidenceAxis } from './useEvidenceAxis'

interface BandFigureProps {
  title: string
  /** What it shows, for the title of a saved picture. */
  of: string
  /** The text alternative. */
  summary: string
  band: Band
  colour: 'series' | 'info'
  range: Range
  rowHeight: number
  /** The room for the labels in pixels; by default that of the charts' axis. */
  left?: number
  children?: ComponentChildren
}

const PIXELS_PER_TICK = 80

export function BandFigure(props: BandFigureProps) {
  const { title, of, summary, band, colour, range, rowHeight, left = PLOT_LEFT, children } = props
  const { host, evidence } = useTab()
  const { axis } = useEvidenceAxis()
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
    paintBand(canvas.current, band, { width, height, range: { from, to }, axis }, ramp, tokens)
  }, [band, dark, width, height, from, to, axis, colour])

  const step = evidence.cursor.value
  const row = hovered ?? (band.own >= 0 ? band.own : null)
  const point = (event: PointerEvent) => {
    evidence.cursor.value = stepAtPlace(axis, range, event.offsetX / width)
    setHovered(
      Math.max(0, Math.min(band.rows - 1, Math.floor((event.offsetY / height) * band.rows))),
    )
  }
  const leave = (event: PointerEvent) => {
    // The reading of a tap stays.
    if (event.pointerType === 'touch') return
    evidence.cursor.value = null
    setHovered(null)
  }
  const column = step === null ? band.steps.length - 1 : Math.max(0, cellAt(band.steps, step))
  const fullTitle = `${title} of ${of}`
  const frame = { title: fullTitle, range, axis, colours: tokensFor(dark) }
  return (
    <figure class="chart">
      <div class="chart-head">
        <figcaption class="caption">{title}</figcaption>
        <Download
          title={fullTitle}
          save={(later, kind) => later.saveBand(kind, band, frame.colours[colour], frame)}
        />
      </div>
      <div class="band" style={{ height: `${height}px` }}>
        <div class="band-labels" aria-hidden="true">
          {band.labels.map(({ row, text }) => (
            <span
              key={row}
              class={row === band.own ? 'own' : ''}
              title={text}
              style={{ top: `${((row + 0.5) * height) / band.rows}px`, width: `${left - 5}px` }}
            >
              <bdi>{text}</bdi>
            </span>
          ))}
        </div>
        <div class="band-plot" style={{ left: `${left}px`, right: `${PLOT_RIGHT}px` }}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={summary}
            onPointerDown={point}
            onPointerMove={point}
            onPointerLeave={leave}
          />
          {step !== null && step >= from && step <= to && (
            <span class="band-cursor" style={{ left: `${placeOf(axis, range, step) * 100}%` }} />
          )}
        </div>
      </div>
      <div
        class="band-axis"
        aria-hidden="true"
        style={{ marginLeft: `${left}px`, marginRight: `${PLOT_RIGHT}px` }}
      >
        {axisTicks(axis, range, width / PIXELS_PER_TICK).map((tick) => (
          <span key={tick} style={{ left: `${100 * placeOf(axis, range, axis.stepAt(tick))}%` }}>
            {axis.tick(tick)}
          </span>
        ))}
      </div>
      <p class="legend">
        <span class="mini-ramp">
          {band.scale.low}
          <i class={`band-ramp ${colour}`} />
          {band.scale.high}
        </span>
        <span>{axis.read(band.steps[column] ?? from)}</span>
        {row !== null && <span class="cell-reading">{band.describe(row, column)}</span>}
      </p>
      {children}
    </figure>
  )
}
