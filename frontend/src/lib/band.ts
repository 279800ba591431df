/** The cells of the evidence's bands, as numbers from 0 to 1; NaN where nothing was measured. */

import type { Magnitudes } from '../api'
import { extentOf } from './heatmap-scale'
import type { Neighbours } from './layer-neighbours'
import { formatMeasured } from './numbers'

export interface Band {
  /** The first step of each column of cells. */
  steps: Float64Array
  rows: number
  /** [rows * steps], row-major from the top. */
  strength: Float32Array
  /** The labels at the left, by row. */
  labels: readonly { row: number; text: string }[]
  /** The index of the finding's row, or -1. */
  own: number
  /** The values of the weakest and the strongest colour. */
  scale: { low: string; high: string }
  /** The name of each row, for a table of numbers. */
  names: readonly string[]
  /** The value of one cell. */
  value: (row: number, column: number) => number
  /** The text for one cell. */
  describe: (row: number, column: number) => string
}

/** The log2 histogram, large magnitudes on top; only the bins that are ever non-empty. */
export function magnitudesBand({ header, columns }: Magnitudes): Band | null {
  const steps = columns.get('step')
  const share = columns.get('share')
  const { bins, exponents } = header
  if (!steps || !share || steps.length === 0) return null
  const at = (column: number, bin: number) => share[column * bins + bin] ?? Number.NaN
  const used = exponents.map((_, bin) => steps.some((_, column) => at(column, bin) > 0))
  const [low, high] = [used.indexOf(true), used.lastIndexOf(true)]
  if (low < 0) return null
  const [from, to] = [Math.max(0, low - 1), Math.min(bins - 1, high + 1)]
  const rows = to - from + 1
  const strength = new Float32Array(rows * steps.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < steps.length; column++) {
      // The square root makes thin tails visible.
      strength[row * steps.length + column] = Math.sqrt(at(column, to - row))
    }
  }
  const every = Math.max(1, Math.ceil(rows / 4))
  const labels = Array.from({ length: rows }, (_, row) => row)
    .filter((row) => row % every === 0)
    .map((row) => ({ row, text: power(exponents[to - row] ?? 0) }))
  const describe = (row: number, column: number) =>
    `${formatMeasured(at(column, to - row), 'share')} from ${power(exponents[to - row] ?? 0)}`
  const scale = { low: '0 %', high: '100 %' }
  return {
    steps: Float64Array.from(steps),
    rows,
    strength,
    labels,
    own: -1,
    scale,
    names: Array.from(
      { length: rows },
      (_, row) => `share from ${2 ** (exponents[to - row] ?? 0)}`,
    ),
    value: (row, column) => at(column, to - row),
    describe,
  }
}

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function power(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPT[Number(digit)])
  return `2${exponent < 0 ? '⁻' : ''}${digits.join('')}`
}

/** Layers in forward order by name, on a logarithmic scale if the values span powers of ten. */
export function neighboursBand(
  { rows, steps, values, own }: Neighbours,
  format: (value: number) => string,
): Band | null {
  const { low, high, smallestPositive } = extentOf(values)
  if (high < low) return null
  const logarithmic = low >= 0 && high > 30 * smallestPositive
  const scale = (value: number) =>
    logarithmic ? Math.log10(Math.max(value, smallestPositive)) : value
  const [bottom, top] = [scale(logarithmic ? smallestPositive : low), scale(high)]
  const strength = values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN
    return top > bottom ? (scale(value) - bottom) / (top - bottom) : 0.5
  })
  return {
    steps,
    rows: rows.length,
    strength,
    labels: rows.map(({ tensor }, row) => ({ row, text: tensor })),
    own,
    scale: { low: format(logarithmic ? smallestPositive : low), high: format(high) },
    names: rows.map(({ tensor }) => tensor),
    value: (row, column) => values[row * steps.length + column] ?? Number.NaN,
    describe: (row, column) =>
      `${rows[row]?.tensor ?? ''} ${format(values[row * steps.length + column] ?? Number.NaN)}`,
  }
}
