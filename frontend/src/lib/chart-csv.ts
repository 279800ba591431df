/** The numbers of charts as CSV (RFC 4180). */

import type { Band } from './band'
import type { ChartSeries } from './chart-series'
import { csvCell } from './export'

/** One row a step, one column a line; missing and non-finite values are empty. */
export function seriesCsv({ steps, lines }: ChartSeries): string {
  const header = ['step', ...lines.map(({ label }) => label)]
  const rows = steps.map((step, i) => [step, ...lines.map(({ values }) => values[i] ?? null)])
  return table([header, ...rows])
}

/** One row a step, one column a row of cells. */
export function bandCsv({
  steps,
  rows,
  names,
  value,
}: Pick<Band, 'steps' | 'rows' | 'names' | 'value'>): string {
  const indices = Array.from({ length: rows }, (_, row) => row)
  const body = Array.from(steps, (step, column) => [
    step,
    ...indices.map((row) => finite(value(row, column))),
  ])
  return table([['step', ...names], ...body])
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

function table(rows: (string | number | null)[][]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}
