/** The charts of the opened finding over one axis: the one that proves it, and all others. */

import { useMemo } from 'preact/hooks'
import type { Evidence } from '../../api'
import type { Symptom } from '../../contract'
import { type ChartSeries, chartSeries, rateSeries, stepsSeries } from '../../lib/chart-series'
import type { Range } from '../../lib/view-state'
import { useTab } from '../context'

export interface Charts {
  proof: ChartSeries | null
  others: readonly ChartSeries[]
  /** Every step around the records, over a range of its own. */
  steps: ChartSeries | null
  stepsRange: Range
  range: Range
}

export function useCharts(series: Evidence, symptom: Symptom | undefined): Charts {
  const { evidence } = useTab()
  const details = evidence.details.value
  const logarithmic = symptom?.logarithmic ?? false
  const charts = useMemo(() => chartSeries(series, symptom), [series, symptom])
  const steps = useMemo(
    () => stepsSeries(details?.steps ?? null, logarithmic),
    [details?.steps, logarithmic],
  )
  const rate = useMemo(() => rateSeries(details?.learningRate ?? null), [details?.learningRate])
  const whole = useMemo(() => edges(series.columns.get('step') ?? []), [series])
  const [proof, ...others] = charts
  const zoom = evidence.zoom.value
  return {
    proof: proof ?? null,
    others: rate ? [...others, rate] : others,
    steps,
    stepsRange: zoom ?? (steps ? edges(steps.steps) : whole),
    range: zoom ?? whole,
  }
}

function edges(steps: ArrayLike<number>): Range {
  const [from, to] = [steps[0] ?? 0, steps[steps.length - 1] ?? 1]
  return to > from ? { from, to } : { from: from - 1, to: from + 1 }
}
