/** A line chart over steps, with a dashed threshold, the finding's time shaded, and a linked cursor. */

import uPlot from 'uplot'
import type { ChartSeries } from '../lib/chart-series'
import { decadeRange, valueRange } from '../lib/value-range'
import type { Range } from '../lib/view-state'
import type { Tokens } from '../theme/tokens'
import { decadesAxis, stepsAxis, valuesAxis } from './axes'

export interface Span {
  opened: number
  /** Null for an open finding. */
  resolved: number | null
}

export interface Chart {
  update(series: ChartSeries, span: Span, range: Range): void
  /** Sets the cursor to the step that another chart is at; null removes it. */
  point(step: number | null): void
  resize(width: number): void
  destroy(): void
}

export interface ChartOptions {
  element: HTMLElement
  series: ChartSeries
  span: Span
  tokens: Tokens
  width: number
  height: number
  /** The steps at both edges, shared by all charts of one finding. */
  range: Range
  /** Receives the index under the cursor, or null when the pointer has left. */
  onCursor: (index: number | null) => void
  /** Receives the range that the user selected; null after a double click, for all steps. */
  onZoom: (range: Range | null) => void
}

export function drawChart(options: ChartOptions): Chart {
  const { element, tokens, width, height, onCursor } = options
  let { series, span, range } = options
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
        drag: { x: true, y: false, setScale: false },
      },
      scales: {
        x: { time: false, range: () => [range.from, range.to] },
        y: series.logarithmic
          ? { distr: 3, log: 10, range: (_, low, high) => decadeRange(low, high, series.unit) }
          : { range: (_, low, high) => valueRange(low, high, series.unit) },
      },
      axes: [
        stepsAxis(tokens),
        series.logarithmic ? decadesAxis(tokens, series.unit) : valuesAxis(tokens, series.unit),
      ],
      series: [{}, ...series.lines.map(({ column }) => lineStyle(column, tokens))],
      hooks: {
        drawClear: [(plot) => shade(plot, span, tokens)],
        draw: [(plot) => markEvents(plot, series.events, tokens)],
        setCursor: [(plot) => own || onCursor(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select
            if (width < 4) return
            const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            options.onZoom({ from, to })
          },
        ],
      },
    },
    aligned(series),
    element,
  )
  own = false
  plot.over.addEventListener('dblclick', () => options.onZoom(null))
  return {
    update(next, nextSpan, nextRange) {
      series = next
      span = nextSpan
      range = nextRange
      plot.setData(aligned(next))
    },
    point(step) {
      own = true
      const left = step === null ? -10 : plot.valToPos(step, 'x')
      plot.setCursor({ left, top: 0 })
      own = false
    },
    resize: (newWidth) => plot.setSize({ width: newWidth, height }),
    destroy: () => plot.destroy(),
  }
}

function aligned({ steps, lines }: ChartSeries): uPlot.AlignedData {
  return [steps, ...lines.map(({ values }) => values)]
}

function lineStyle(column: string, tokens: Tokens): uPlot.Series {
  if (column === 'threshold') {
    return { stroke: tokens.critical, width: 1.25, dash: [4, 3], points: { show: false } }
  }
  if (column === 'reference') return dotted(tokens.reference, 1.25)
  return dotted(column === 'loss' ? tokens.info : tokens.series, 2)
}

/** uPlot draws points where they are far apart or isolated between gaps. */
function dotted(stroke: string, width: number): uPlot.Series {
  return { stroke, width, points: { size: 2 * width, width: 0, fill: stroke } }
}

function shade(plot: uPlot, { opened, resolved }: Span, tokens: Tokens): void {
  const { ctx, bbox } = plot
  const right = bbox.left + bbox.width
  const position = (step: number) =>
    Math.min(right, Math.max(bbox.left, plot.valToPos(step, 'x', true)))
  const from = position(opened)
  const to = resolved === null ? right : position(resolved)
  ctx.save()
  ctx.fillStyle = tokens.band
  ctx.fillRect(from, bbox.top, Math.max(to - from, devicePixelRatio), bbox.height)
  ctx.restore()
}

function markEvents(plot: uPlot, events: readonly number[], tokens: Tokens): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.fillStyle = tokens.critical
  for (const step of events) {
    const x = plot.valToPos(step, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.fillRect(x - devicePixelRatio / 2, bbox.top, devicePixelRatio, 8 * devicePixelRatio)
  }
  ctx.restore()
}
