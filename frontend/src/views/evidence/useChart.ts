/** The canvas of a line chart: drawn once for its lines and theme, then updated. */

import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Finding } from '../../contract'
import { type Chart, drawChart } from '../../draw/chart'
import type { ChartSeries } from '../../lib/chart-series'
import type { Range } from '../../lib/view-state'
import type { Axis } from '../../lib/x-axis'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'

/** Includes the name of the horizontal axis. */
const HEIGHTS: Record<ChartSeries['name'], number> = {
  measured: 190,
  statistic: 138,
  steps: 138,
  loss: 124,
  rate: 100,
}

export function useChart(series: ChartSeries, finding: Finding, range: Range, axis: Axis) {
  const { host, evidence } = useTab()
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart | null>(null)
  const steps = useRef(series.steps)
  steps.current = series.steps
  const dark = host.dark.value
  const { opened_step: opened, resolved_step: resolved, severity } = finding
  const spans = [{ opened, resolved, severity }]
  const lines = series.lines.map(({ column, faint }) => `${column} ${faint}`).join()

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
      axis,
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
  }, [dark, lines, series.logarithmic, axis])

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
