/** The values of the heatmap's lines: a tensor's values, or the mean of a block's tensors. */

import type { Heatmap } from '../api'
import type { Line } from './heatmap-rows'
import { meanOf } from './heatmap-scale'
import type { Range } from './view-state'

export interface LineCells {
  /** The first step of each cell. */
  steps: Float64Array
  /** [lines * cells], row-major; NaN where nothing was measured. */
  values: Float32Array
}

export function lineCells(
  heatmap: Heatmap,
  lines: readonly Line[],
  logarithmic: boolean,
): LineCells {
  const steps = Float64Array.from(heatmap.columns.get('step') ?? [])
  const own = heatmap.columns.get('value') ?? new Float32Array()
  const n = steps.length
  const values = new Float32Array(lines.length * n)
  lines.forEach(({ rows }, line) => {
    const [only] = rows
    if (rows.length === 1 && only !== undefined) {
      values.set(own.subarray(only * n, (only + 1) * n), line * n)
      return
    }
    for (let cell = 0; cell < n; cell++) {
      const members = rows.map((row) => own[row * n + cell] ?? Number.NaN)
      values[line * n + cell] = meanOf(members, logarithmic)
    }
  })
  return { steps, values }
}

/** The cell at a step: the last cell that begins at or before it, or -1. */
export function cellAt(steps: Float64Array, step: number): number {
  let [low, high] = [0, steps.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((steps[middle] ?? 0) <= step) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The end of the last cell, which is as wide as the average of the others. */
export function endOf(steps: Float64Array, range: Range): number {
  const n = steps.length
  const last = steps[n - 1] ?? range.from
  return n > 1 ? last + (last - (steps[0] ?? last)) / (n - 1) : range.to
}

/** The first and last step of a cell. */
export function cellSpan(steps: Float64Array, cell: number, range: Range): [number, number] {
  const from = steps[cell] ?? range.from
  const next = steps[cell + 1] ?? endOf(steps, range)
  return [from, Math.max(from, Math.ceil(next) - 1)]
}
