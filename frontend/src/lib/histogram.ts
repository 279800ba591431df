/** The distribution of a tensor's magnitudes at one step. */

import type { Magnitudes } from '../api'
import { cellAt } from './heatmap-cells'
import { formatValue } from './numbers'

export interface Bar {
  /** The smallest magnitude in the bar. */
  from: number
  /** The share of the tensor's elements. */
  share: number
}

export interface Histogram {
  /** The first step of the recorded distribution. */
  step: number
  bars: readonly Bar[]
}

/** The bars between the outermost that any step fills; null where nothing was recorded. */
export function histogramAt(magnitudes: Magnitudes, step: number | null): Histogram | null {
  const { bins, exponents } = magnitudes.header
  const share = magnitudes.columns.get('share')
  const steps = Float64Array.from(magnitudes.columns.get('step') ?? [])
  if (!share || steps.length === 0) return null
  const column = step === null ? steps.length - 1 : Math.max(0, cellAt(steps, step))
  const filled = exponents.map((_, bin) =>
    steps.some((_, other) => (share[other * bins + bin] ?? 0) > 0),
  )
  const [low, high] = [filled.indexOf(true), filled.lastIndexOf(true)]
  if (low < 0) return null
  return {
    step: steps[column] as number,
    bars: exponents.slice(low, high + 1).map((exponent, i) => ({
      from: 2 ** exponent,
      share: share[column * bins + low + i] ?? Number.NaN,
    })),
  }
}

/** "from 2.4e-4": magnitudes as numbers, not as powers of two. */
export function barText({ from }: Bar): string {
  return `from ${formatValue(from)}`
}
