/** The canvas of a line chart: drawn once for its lines and theme, then updated. */

import { useEffect } from 'preact/hooks'
import type { Finding } from '../../contract'
import type { ChartSeries } from '../../lib/chart-series'
import type { Range } from '../../lib/view-state'
import type { Axis } from '../../lib/x-axis'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { useDrawing } from '../useDrawing'

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
  const dark = host.dark.value
  const { opened_step: opened, resolved_step: resolved, severity } = finding
  const spans = [{ opened, resolved, severity }]
  const lines = series.lines.map(({ column, faint }) => `${column} ${faint}`).join()
  const onZoom = (zoom: Range | null) => {
    evidence.zoom.value = zoom
  }
  const { element, chart } = useDrawing(
    { series, spans, tokens: tokensFor(dark), range, axis, onZoom },
    evidence.cursor,
    HEIGHTS[series.name],
    [dark, lines, series.logarithmic, axis],
  )

  // Compares the numbers of the span, which is a new object on every render.
  useEffect(
    () => chart.current?.update(series, spans, range),
    [series, opened, resolved, severity, range.from, range.to],
  )
  return element
}
