/** Smoothing as in TensorBoard's Scalars: an exponential moving average without the bias of its start. */

import type { ChartSeries, Values } from './chart-series'

export const MAX_SMOOTHING = 0.99

/** Gaps stay gaps and do not enter the average. */
export function smoothed(values: Values, weight: number): Values {
  let [average, n] = [0, 0]
  return values.map((value) => {
    if (value === null) return null
    average = average * weight + (1 - weight) * value
    n++
    return average / (1 - weight ** n)
  })
}

/** The smoothed lines in front of the measured ones; limits and references stay as they are. */
export function withSmoothing(series: ChartSeries, weight: number): ChartSeries {
  if (weight === 0) return series
  const lines = series.lines.flatMap((line) =>
    line.column === 'threshold' || line.column === 'reference'
      ? [line]
      : [
          { ...line, faint: true },
          { ...line, label: `${line.label}, smoothed`, values: smoothed(line.values, weight) },
        ],
  )
  return { ...series, lines }
}

/** A remembered weight; 0 for anything else. */
export function parseSmoothing(text: string | null): number {
  const weight = Number(text ?? 0)
  return weight > 0 && weight <= MAX_SMOOTHING ? weight : 0
}
