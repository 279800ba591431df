/** The layers before and after the finding's layer, and the statistic to compare them by. */

import type { Heatmap } from '../api'
import type { Finding, HeatmapRow, Tensor } from '../contract'

const COLUMNS: Readonly<Record<string, string>> = {
  'non-finite': 'nan_count',
  'dead-units': 'dead_fraction',
  'dormant-units': 'dormant_fraction',
  'saturated-activation': 'saturated_fraction',
  'activation-spike': 'maximum',
  'untouched-embedding': 'untouched_fraction',
}

/** The column to compare layers by: the symptom's column if the tensor has it, else the RMS. */
export function comparedColumn({ symptom }: Finding, tensor: Tensor): string | null {
  const preferred = COLUMNS[symptom] ?? 'rms'
  return [preferred, 'rms'].find((column) => tensor.columns.includes(column)) ?? null
}

export interface Neighbours {
  rows: readonly HeatmapRow[]
  steps: Float64Array
  /** [rows * steps], row-major, including the finding's row. */
  values: Float32Array
  own: number
}

const NEIGHBOURS_PER_SIDE = 6

/** The tensors of the same role before and after the tensor, in forward order. */
export function neighboursOf(heatmap: Heatmap, tensor: string): Neighbours | null {
  const { rows } = heatmap.header
  const steps = heatmap.columns.get('step')
  const values = heatmap.columns.get('value')
  const self = rows.find((row) => row.tensor === tensor)
  if (!steps || !values || !self) return null
  const sameRole = rows.flatMap((row, index) => (row.role === self.role ? [{ row, index }] : []))
  const position = sameRole.findIndex(({ row }) => row === self)
  const first = Math.max(
    0,
    Math.min(position - NEIGHBOURS_PER_SIDE, sameRole.length - 2 * NEIGHBOURS_PER_SIDE - 1),
  )
  const selected = sameRole.slice(first, first + 2 * NEIGHBOURS_PER_SIDE + 1)
  const n = steps.length
  const selectedValues = new Float32Array(selected.length * n)
  selected.forEach(({ index }, i) => {
    selectedValues.set(values.subarray(index * n, (index + 1) * n), i * n)
  })
  return {
    rows: selected.map(({ row }) => row),
    steps: Float64Array.from(steps),
    values: selectedValues,
    own: position - first,
  }
}
