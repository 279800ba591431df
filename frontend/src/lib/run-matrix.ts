/** The table of the view Runs: runs against symptoms and hyper-parameters. */

import { type Finding, type Run, SEVERITIES, type Severity, type Symptom } from '../contract'
import { type AgainstBaseline, againstBaseline } from './against-baseline'
import { groupBy } from './filter'
import { isUnhealthy, lowerFirst, runReservation, sickSentence, verdictSentence } from './verdict'

export interface Cell {
  severity: Severity
  count: number
  /** The first step of the earliest finding. */
  onset: number
}

export interface MatrixRow {
  run: Run
  /** By symptom, for the symptoms found. */
  cells: ReadonlyMap<string, Cell>
  /** Null for the baseline itself, and without one. */
  against: AgainstBaseline | null
}

export type Parameter = number | string | boolean

export interface Matrix {
  rows: readonly MatrixRow[]
  /** The ids of the symptoms found in any run. */
  symptoms: readonly string[]
  /** Hyper-parameters that differ among the runs. */
  varied: readonly string[]
  /** Hyper-parameters that are the same in all runs. */
  constant: readonly (readonly [name: string, value: Parameter])[]
  /** What no run's verdict takes into account, or empty; it is not repeated in the rows. */
  reservation: string
}

export function runMatrix(
  runs: readonly Run[],
  findings: readonly Finding[],
  known: ReadonlyMap<string, Symptom>,
  baseline: string | null = null,
): Matrix {
  const own = groupBy(
    findings.filter(({ muted }) => !muted),
    ({ run }) => run,
  )
  const earlier = baseline === null ? [] : (own.get(baseline) ?? [])
  const rows = runs.map((run) => {
    const found = own.get(run.run) ?? []
    const compared = baseline !== null && run.run !== baseline
    return {
      ...matrixRow(run, found),
      against: compared ? againstBaseline(found, earlier) : null,
    }
  })
  const found = new Set(rows.flatMap(({ cells }) => [...cells.keys()]))
  const symptoms = [...known.keys(), ...found].filter((symptom) => found.delete(symptom))
  return { rows, symptoms, ...parameters(runs), reservation: commonReservation(runs) }
}

function matrixRow(run: Run, findings: readonly Finding[]): Omit<MatrixRow, 'against'> {
  const cells = new Map<string, Cell>()
  for (const { symptom, severity, opened_step } of findings) {
    const before = cells.get(symptom)
    cells.set(symptom, {
      severity: before ? worse(before.severity, severity) : severity,
      count: (before?.count ?? 0) + 1,
      onset: Math.min(before?.onset ?? opened_step, opened_step),
    })
  }
  return { run, cells }
}

function worse(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b) ? a : b
}

function parameters(runs: readonly Run[]): Pick<Matrix, 'varied' | 'constant'> {
  const names = [...new Set(runs.flatMap(({ hparams }) => Object.keys(hparams ?? {})))].sort()
  const values = (name: string) => new Set(runs.map(({ hparams }) => hparams?.[name]))
  const varied = names.filter((name) => values(name).size > 1)
  const constant = names
    .filter((name) => values(name).size === 1)
    .map((name) => [name, runs[0]?.hparams?.[name] as Parameter] as const)
  return { varied, constant }
}

function commonReservation(runs: readonly Run[]): string {
  const [first, ...others] = runs.map(runReservation)
  return others.length > 0 && others.every((other) => other === first) ? (first ?? '') : ''
}

/** A column to sort by, as in the address; see `RunColumn`. */
export interface RunSort {
  column: string
  descending: boolean
}

export const BY_HEALTH: RunSort = { column: 'health', descending: true }

export function parseRunSort(text: string): RunSort {
  if (text === '') return BY_HEALTH
  return text.startsWith('-')
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false }
}

export function formatRunSort({ column, descending }: RunSort): string {
  if (column === BY_HEALTH.column && descending === BY_HEALTH.descending) return ''
  return (descending ? '-' : '') + column
}

const { compare: natural } = new Intl.Collator('en', { numeric: true })

/** Runs without a value come last in both directions; equal runs are in the order of their rank. */
export function sortRows(rows: readonly MatrixRow[], sort: RunSort): MatrixRow[] {
  const value = (row: MatrixRow) => sortValue(row, sort.column)
  const sign = sort.descending ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1
    } else {
      const order = compareValues(x, y)
      if (order !== 0) return sign * order
    }
    return a.run.rank - b.run.rank
  })
}

type Value = readonly number[] | Parameter

function sortValue(row: MatrixRow, column: string): Value | null {
  const { run, cells, against } = row
  if (column === 'run') return run.run
  if (column === 'baseline') {
    return against && [against.counts.new + against.counts.worse, -against.counts.gone]
  }
  if (column === 'step') return run.last_step
  // A non-finite loss sorts as the worst, not by its last finite value.
  if (column === 'loss') {
    return run.loss.non_finite_since === null ? run.loss.last : Number.POSITIVE_INFINITY
  }
  if (column.startsWith('hparam:')) return run.hparams?.[column.slice(7)] ?? null
  if (column.startsWith('symptom:')) {
    const cell = cells.get(column.slice(8))
    return cell ? [badness(cell.severity), cell.count, -cell.onset] : null
  }
  return -run.rank
}

function badness(severity: Severity): number {
  return SEVERITIES.length - SEVERITIES.indexOf(severity)
}

function compareValues(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (Array.isArray(a) && Array.isArray(b)) {
    const i = a.findIndex((value, index) => value !== b[index])
    return i < 0 ? 0 : a[i] - b[i]
  }
  return natural(String(a), String(b))
}

/** A sentence about all runs. */
export function matrixSentence(matrix: Matrix, title: (symptom: string) => string): string {
  const { rows } = matrix
  const runs = rows.map(({ run }) => run)
  const share = sickSentence(runs)
  if (share === null) return verdictSentence(runs, null).text
  const sick = rows.filter(({ run }) => isUnhealthy(run))
  const counts = matrix.symptoms
    .map(
      (symptom) => [symptom, sick.filter(({ cells }) => grave(cells.get(symptom))).length] as const,
    )
    .sort(([, a], [, b]) => b - a)
  const [symptom, n] = counts[0] ?? ['', 0]
  return n > 1 ? `${share}; most often: ${lowerFirst(title(symptom))} (${n} runs)` : share
}

function grave(cell: Cell | undefined): boolean {
  return cell !== undefined && cell.severity !== 'info'
}
