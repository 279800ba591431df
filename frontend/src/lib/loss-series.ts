/** The loss of a run as a chart series. */

import type { Series } from '../api'
import { type ChartSeries, drawable } from './chart-series'

/** A loss that spans more than this is drawn on a logarithmic scale. */
const WIDE = 100

export function lossSeries(loss: Series | null): ChartSeries | null {
  const steps = Array.from(loss?.columns.get('step') ?? [])
  const raw = loss?.columns.get('mean')
  if (!raw || steps.length === 0) return null
  const finite = Array.from(raw).filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const logarithmic = low > 0 && high > WIDE * low
  return {
    name: 'loss',
    title: 'loss',
    steps,
    lines: finite.length
      ? [{ column: 'loss', label: 'loss', values: drawable(raw, logarithmic) }]
      : [],
    logarithmic,
    unit: '',
    events: steps.filter((_, i) => !Number.isFinite(raw[i])),
  }
}
