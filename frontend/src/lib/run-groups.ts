/** Groups the runs of the table by the values of a hyper-parameter. */

import { formatValue } from './numbers'
import { parameterScale } from './parameter-scale'
import type { MatrixRow, Parameter } from './run-matrix'

export interface RunGroup {
  /** The value, or the range of values. */
  title: string
  rows: readonly MatrixRow[]
}

/** More different numbers are grouped by about so many ranges. */
const MAX_VALUES = 8
const RANGES = 5

const { compare: natural } = new Intl.Collator('en', { numeric: true })

/** The groups in the order of their values, the runs without a value last; the order of the rows stays. */
export function groupRuns(rows: readonly MatrixRow[], name: string): RunGroup[] {
  const values = rows.map(({ run }) => run.hparams?.[name])
  const given = values.filter((value) => value !== undefined && value !== null)
  const distinct = [...new Set(given)]
  const titleOf =
    distinct.length > MAX_VALUES && distinct.every((value) => Number.isFinite(value))
      ? rangeTitles(distinct as number[])
      : plainTitles(distinct)
  const groups = new Map<string, MatrixRow[]>(titleOf.titles.map((title) => [title, []]))
  const without: MatrixRow[] = []
  rows.forEach((row, i) => {
    const value = values[i]
    const group = value === undefined || value === null ? without : groups.get(titleOf.of(value))
    group?.push(row)
  })
  return [
    ...[...groups].map(([title, rows]) => ({ title, rows })),
    { title: 'not set', rows: without },
  ].filter(({ rows }) => rows.length > 0)
}

interface Titles {
  /** In order. */
  titles: readonly string[]
  of: (value: Parameter) => string
}

function plainTitles(distinct: readonly Parameter[]): Titles {
  const numeric = distinct.every((value) => typeof value === 'number')
  const sorted = [...distinct].sort((a, b) =>
    numeric ? Number(a) - Number(b) : natural(String(a), String(b)),
  )
  return { titles: sorted.map(String), of: String }
}

/** Powers of ten where the values span several, else ranges of equal width; the upper end is left out. */
function rangeTitles(values: readonly number[]): Titles {
  const { kind } = parameterScale(values)
  const rangeOf = kind === 'linear' ? equalRange(values) : decade
  const title = (value: number) => {
    const { from, to } = rangeOf(value)
    return from === to ? formatValue(from) : `${formatValue(from)} to below ${formatValue(to)}`
  }
  const sorted = [...values].sort((a, b) => a - b)
  return { titles: [...new Set(sorted.map(title))], of: (value) => title(Number(value)) }
}

function decade(value: number): { from: number; to: number } {
  if (value === 0) return { from: 0, to: 0 }
  const power = Math.floor(Math.log10(value) + 1e-9)
  return { from: Number(`1e${power}`), to: Number(`1e${power + 1}`) }
}

/** Ranges between round numbers. */
function equalRange(values: readonly number[]) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const width = roundUp((high - low) / RANGES)
  return (value: number) => {
    const i = Math.floor(value / width + 1e-9)
    return { from: exact(i * width), to: exact((i + 1) * width) }
  }
}

/** The next 1, 2 or 5 times a power of ten. */
function roundUp(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width))
  const factor = [1, 2, 5, 10].find((each) => each * power >= width * (1 - 1e-9)) ?? 10
  return factor * power
}

function exact(value: number): number {
  return Number(value.toPrecision(12))
}
