/** A line chart as a figure: caption, canvas, and a legend with the values under the cursor. */

import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Finding, Unit } from '../../contract'
import { type Chart, drawChart } from '../../draw/chart'
import type { ChartSeries, Line } from '../../lib/chart-series'
import { formatMeasured, formatStep } from '../../lib/numbers'
import type { Range } from '../../lib/view-state'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'

const HEIGHTS: Record<ChartSeries['name'], number> = {
  measured: 158,
  statistic: 124,
  steps: 124,
  loss: 110,
  rate: 84,
}

export interface LineChartProps {
  series: ChartSeries
  finding: Finding
  range: Range
}

export function LineChart({ series, finding, range }: LineChartProps) {
  const { evidence } = useTab()
  const plot = useChart(series, finding, range)
  const step = evidence.cursor.value
  const at = step === null ? lastKnown(series) : nearest(series.steps, step)
  const shownStep = series.steps[at]
  return (
    <figure class="chart">
      <figcaption class="caption">{series.title}</figcaption>
      <div ref={plot} class="plot" role="img" aria-label={summary(series)} />
      <p class="legend">
        {shownStep !== undefined && <span>step {formatStep(shownStep)}</span>}
        {series.lines.map((line) => (
          <span key={line.column} class={`key ${line.column}`}>
            {shortLabel(line)} {valueAt(line, at, series.unit)}
          </span>
        ))}
        {series.events.length > 0 && <span class="key event">no finite value</span>}
      </p>
    </figure>
  )
}

function useChart(series: ChartSeries, finding: Finding, range: Range) {
  const { host, evidence } = useTab()
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart | null>(null)
  const steps = useRef(series.steps)
  steps.current = series.steps
  const dark = host.dark.value
  const { opened_step: opened, resolved_step: resolved, severity } = finding
  const spans = [{ opened, resolved, severity }]
  const lines = series.lines.map(({ column }) => column).join()

  // The chart is created again for another theme or other lines, and updated for new points.
  useEffect(() => {
    const parent = element.current
    if (!parent) return
    const drawn = drawChart({
      element: parent,
      series,
      spans,
      tokens: tokensFor(dark),
      width: parent.clientWidth || 320,
      height: HEIGHTS[series.name],
      range,
      onCursor: (index) => {
        evidence.cursor.value = index === null ? null : (steps.current[index] ?? null)
      },
      onZoom: (zoom) => {
        evidence.zoom.value = zoom
      },
    })
    chart.current = drawn
    const observer = new ResizeObserver(() => {
      // Zero while TensorBoard hides the tab.
      if (parent.clientWidth > 0) drawn.resize(parent.clientWidth, HEIGHTS[series.name])
    })
    observer.observe(parent)
    return () => {
      observer.disconnect()
      drawn.destroy()
      chart.current = null
    }
  }, [dark, lines, series.logarithmic])

  // Compares the numbers of the span, which is a new object on every render.
  useEffect(
    () => chart.current?.update(series, spans, range),
    [series, opened, resolved, severity, range.from, range.to],
  )
  useSignalEffect(() => {
    const step = evidence.cursor.value
    if (!element.current?.matches(':hover')) chart.current?.point(step)
  })
  return element
}

/** The index of the point closest to a step of another chart. */
function nearest(steps: readonly number[], step: number): number {
  const after = steps.findIndex((other) => other >= step)
  if (after < 0) return steps.length - 1
  const before = Math.max(0, after - 1)
  return step - (steps[before] ?? step) < (steps[after] ?? step) - step ? before : after
}

/** The index of the newest point, for the legend without a cursor. */
function lastKnown({ steps, lines }: ChartSeries): number {
  return lines[0]?.values.findLastIndex((value) => value !== null) ?? steps.length - 1
}

function valueAt({ values }: Line, index: number, unit: Unit): string {
  const value = values[index] ?? null
  return value === null ? '–' : formatMeasured(value, unit)
}

function shortLabel({ column, label }: Line): string {
  return column === 'threshold' ? 'limit' : column === 'value' ? 'measured' : label
}

/** The text alternative: the first and last value of each line. */
function summary({ title, steps, lines, events, unit }: ChartSeries): string {
  const parts = lines.map((line) => {
    const first = line.values.findIndex((value) => value !== null)
    const last = line.values.findLastIndex((value) => value !== null)
    return `${shortLabel(line)} from ${valueAt(line, first, unit)} at step ${formatStep(steps[first] ?? null)} to ${valueAt(line, last, unit)} at step ${formatStep(steps[last] ?? null)}`
  })
  const [firstEvent] = events
  if (firstEvent !== undefined)
    parts.push(`no finite value first at step ${formatStep(firstEvent)}`)
  return `${title}: ${parts.join('; ')}`
}
