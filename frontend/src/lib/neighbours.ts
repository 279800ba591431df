/** The statistic that a symptom is about, and the layers around the one that has it. */

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

/** The column to compare layers by: the symptom's own where the tensor has it, else its RMS. */
export function comparedColumn({ symptom }: Finding, tensor: Tensor): string | null {
  const wanted = COLUMNS[symptom] ?? 'rms'
  return [wanted, 'rms'].find((column) => tensor.columns.includes(column)) ?? null
}

export interface Neighbours {
  rows: readonly HeatmapRow[]
  steps: Float64Array
  /** [rows * steps], row-major, the finding's own row among them. */
  values: Float32Array
  own: number
}

const AROUND = 6

/** The tensors of the same role before and after this one, in forward order. */
export function neighboursOf(heatmap: Heatmap, tensor: string): Neighbours | null {
  const { rows } = heatmap.header
  const steps = heatmap.columns.get('step')
  const values = heatmap.columns.get('value')
  const self = rows.find((row) => row.tensor === tensor)
  if (!steps || !values || !self) return null
  const alike = rows.flatMap((row, index) => (row.role === self.role ? [{ row, index }] : []))
  const place = alike.findIndex(({ row }) => row === self)
  const first = Math.max(0, Math.min(place - AROUND, alike.length - 2 * AROUND - 1))
  const chosen = alike.slice(first, first + 2 * AROUND + 1)
  const n = steps.length
  const picked = new Float32Array(chosen.length * n)
  chosen.forEach(({ index }, i) => {
    picked.set(values.subarray(index * n, (index + 1) * n), i * n)
  })
  return {
    rows: chosen.map(({ row }) => row),
    steps: Float64Array.from(steps),
    values: picked,
    own: place - first,
  }
}
