/** A line chart over steps, with a dashed threshold, the times of findings shaded, and a linked cursor. */

import uPlot from 'uplot'
import type { Severity } from '../contract'
import type { ChartSeries, Line } from '../lib/chart-series'
import { decadeRange, valueRange } from '../lib/value-range'
import type { Range } from '../lib/view-state'
import type { Axis } from '../lib/x-axis'
import type { Tokens } from '../theme/tokens'
import { decadesAxis, horizontalAxis, valuesAxis } from './axes'

/** The steps of a finding or incident, which are shaded. */
export interface Span {
  opened: number
  /** Null while it is open. */
  resolved: number | null
  severity: Severity
}

export interface Chart {
  update(series: ChartSeries, spans: readonly Span[], range: Range): void
  /** Sets the cursor to the step that another chart is at; null removes it. */
  point(step: number | null): void
  resize(width: number, height: number): void
  destroy(): void
}

export interface ChartOptions {
  element: HTMLElement
  series: ChartSeries
  spans: readonly Span[]
  tokens: Tokens
  width: number
  height: number
  /** The steps at both edges, shared by all charts of one finding. */
  range: Range
  axis: Axis
  /** Receives the index under the cursor, or null when the pointer has left. */
  onCursor: (index: number | null) => void
  /** Receives the range that the user selected; null after a double click, for all steps. */
  onZoom?: (range: Range | null) => void
}

export function drawChart(options: ChartOptions): Chart {
  const { element, tokens, width, height, axis, onCursor, onZoom } = options
  let { series, spans, range } = options
  // True while the cursor is set by code, not by the user.
  let own = true
  const plot = new uPlot(
    {
      width,
      height,
      padding: [6, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { size: 6 },
        drag: { x: onZoom !== undefined, y: false, setScale: false },
      },
      scales: {
        x: { time: false, range: () => [axis.at(range.from), axis.at(range.to)] },
        y: series.logarithmic
          ? { distr: 3, log: 10, range: (_, low, high) => decadeRange(low, high, series.unit) }
          : { range: (_, low, high) => valueRange(low, high, series.unit) },
      },
      axes: [
        horizontalAxis(tokens, axis),
        series.logarithmic ? decadesAxis(tokens, series.unit) : valuesAxis(tokens, series.unit),
      ],
      series: [{}, ...series.lines.map((line) => lineStyle(line, tokens))],
      hooks: {
        drawClear: [(plot) => shade(plot, spans, axis, tokens)],
        draw: [(plot) => markEvents(plot, series.events, axis, tokens)],
        setCursor: [(plot) => own || onCursor(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select
            if (width < 4) return
            const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            onZoom?.({ from: axis.stepAt(from), to: axis.stepAt(to) })
          },
        ],
      },
    },
    aligned(series, axis),
    element,
  )
  own = false
  plot.over.addEventListener('dblclick', () => onZoom?.(null))
  for (const type of ['pointerdown', 'pointermove'] as const) {
    plot.over.addEventListener(type, (event) => {
      // uPlot knows the mouse only.
      if (event.pointerType === 'touch') plot.setCursor({ left: event.offsetX, top: 0 })
    })
  }
  return {
    update(next, nextSpans, nextRange) {
      series = next
      spans = nextSpans
      range = nextRange
      plot.setData(aligned(next, axis))
    },
    point(step) {
      own = true
      const left = step === null ? -10 : plot.valToPos(axis.at(step), 'x')
      plot.setCursor({ left, top: 0 })
      own = false
    },
    resize: (width, height) => plot.setSize({ width, height }),
    destroy: () => plot.destroy(),
  }
}

function aligned({ steps, lines }: ChartSeries, axis: Axis): uPlot.AlignedData {
  return [steps.map(axis.at), ...lines.map(({ values }) => values)]
}

/** The opacity of a measured line behind its smoothed one, as hexadecimal digits. */
const FAINT = '55'

function lineStyle({ column, faint }: Line, tokens: Tokens): uPlot.Series {
  if (column === 'threshold') {
    return { stroke: tokens.critical, width: 1.25, dash: [4, 3], points: { show: false } }
  }
  if (column === 'reference') return dotted(tokens.reference, 1.25)
  const colour = column === 'loss' ? tokens.info : tokens.series
  return faint ? dotted(colour + FAINT, 1.25) : dotted(colour, 2)
}

/** uPlot draws points where they are far apart or isolated between gaps. */
function dotted(stroke: string, width: number): uPlot.Series {
  return { stroke, width, points: { size: 2 * width, width: 0, fill: stroke } }
}

/** Pale enough for the lines above it. */
const SHADE = 0.45

function shade(plot: uPlot, spans: readonly Span[], axis: Axis, tokens: Tokens): void {
  const { ctx, bbox } = plot
  const right = bbox.left + bbox.width
  const position = (step: number) =>
    Math.min(right, Math.max(bbox.left, plot.valToPos(axis.at(step), 'x', true)))
  ctx.save()
  for (const { opened, resolved, severity } of spans) {
    const from = position(opened)
    const to = resolved === null ? right : position(resolved)
    ctx.globalAlpha = SHADE
    ctx.fillStyle = tokens[`${severity}Tint`]
    ctx.fillRect(from, bbox.top, Math.max(to - from, devicePixelRatio), bbox.height)
    ctx.globalAlpha = 1
    if (from >= right) continue
    ctx.fillStyle = tokens[severity]
    ctx.fillRect(from, bbox.top, devicePixelRatio, bbox.height)
  }
  ctx.restore()
}

function markEvents(plot: uPlot, events: readonly number[], axis: Axis, tokens: Tokens): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.fillStyle = tokens.critical
  for (const step of events) {
    const x = plot.valToPos(axis.at(step), 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.fillRect(x - devicePixelRatio / 2, bbox.top, devicePixelRatio, 8 * devicePixelRatio)
  }
  ctx.restore()
}
