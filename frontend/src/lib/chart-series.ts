/** Columns as chart series: NaN breaks uPlot's scale, and infinity flattens all other values. */

import type { Evidence, Series, Steps } from '../api'
import type { EvidenceColumn, Symptom, Unit } from '../contract'
import type { Column } from './frame'

export type Values = (number | null)[]

export interface Line {
  column: EvidenceColumn
  label: string
  values: Values
  /** Drawn pale, behind its smoothed line. */
  faint?: boolean
}

export interface ChartSeries {
  name: 'measured' | 'statistic' | 'steps' | 'loss' | 'rate'
  title: string
  steps: number[]
  lines: Line[]
  logarithmic: boolean
  /** The unit of its values. */
  unit: Unit
  /** Steps without a finite value, drawn as marks. */
  events: number[]
}

/** Up to three charts over one step axis: the symptom's value, the tensor's statistic, the loss. */
export function chartSeries(evidence: Evidence, symptom: Symptom | undefined): ChartSeries[] {
  const logarithmic = symptom?.logarithmic ?? false
  const measured = label(evidence, 'value', symptom?.measure ?? 'measured value')
  const statistic = label(evidence, 'statistic', 'statistic')
  const charts = [
    chart(
      evidence,
      'measured',
      measured,
      ['value', 'threshold'],
      logarithmic,
      evidence.header.finding.unit,
    ),
    chart(
      evidence,
      'statistic',
      statistic,
      ['statistic', 'reference'],
      logarithmic,
      isShare(statistic) ? 'share' : '',
    ),
    chart(evidence, 'loss', label(evidence, 'loss', 'loss'), ['loss'], false, ''),
  ]
  return charts.filter(({ lines, events }) => lines.length > 0 || events.length > 0)
}

const FALLBACK_LABELS: Record<EvidenceColumn, string> = {
  step: 'step',
  value: 'measured',
  threshold: 'limit',
  statistic: 'this tensor',
  reference: 'compared with',
  loss: 'loss',
}

function label({ header }: Evidence, column: EvidenceColumn, fallback: string): string {
  return header.labels?.[column] || fallback
}

function chart(
  evidence: Evidence,
  name: ChartSeries['name'],
  title: string,
  columns: EvidenceColumn[],
  logarithmic: boolean,
  unit: Unit,
): ChartSeries {
  const raw = (column: EvidenceColumn) => evidence.columns.get(column) ?? new Float64Array()
  const steps = Array.from(raw('step'))
  const lines = columns.flatMap((column) => {
    const values = drawable(raw(column), logarithmic)
    const known = values.some((value) => value !== null)
    return known
      ? [{ column, label: label(evidence, column, FALLBACK_LABELS[column]), values }]
      : []
  })
  const first = raw(columns[0] as EvidenceColumn)
  return {
    name,
    title,
    steps,
    lines,
    logarithmic,
    unit,
    events: eventSteps(steps, first, name === 'loss'),
  }
}

/** The frame contains the unit of the measured value only; other shares are recognized by their label. */
function isShare(label: string): boolean {
  return label.startsWith('share of ')
}

/** Replaces values that the axis cannot show by null, a gap; also values ≤ 0 on a logarithmic axis. */
export function drawable(values: Column, logarithmic: boolean): Values {
  return Array.from(values, (value) =>
    Number.isFinite(value) && (!logarithmic || value > 0) ? value : null,
  )
}

/** NaN among a symptom's values means "not judged at this step"; a NaN loss is a non-finite loss. */
function eventSteps(steps: readonly number[], values: Column, nanIsEvent: boolean): number[] {
  const measured = values.some((value) => !Number.isNaN(value))
  return steps.filter((_, i) => {
    const value = values[i] ?? Number.NaN
    return Number.isNaN(value) ? nanIsEvent && measured : !Number.isFinite(value)
  })
}

/** The steps of the flight recorder: every step of its last writings, not only the recorded ones. */
export function stepsSeries(steps: Steps | null, logarithmic: boolean): ChartSeries | null {
  const at = steps?.columns.get('step')
  const raw = steps?.columns.get('value')
  if (!steps || !at || !raw) return null
  // A row without a step separates two writings; uPlot needs ascending steps, so the next row starts a gap.
  const kept = Array.from(at.keys()).filter((i) => Number.isFinite(at[i]))
  const breaks = new Set(kept.filter((i) => i > 0 && Number.isNaN(at[i - 1])))
  const values = kept.map((i) => drawable(raw.subarray(i, i + 1), logarithmic)[0] ?? null)
  const numbers = kept.map((i) => at[i] as number)
  const broken: { steps: number[]; values: Values } = { steps: [], values: [] }
  kept.forEach((i, n) => {
    const step = numbers[n] as number
    const before = broken.steps.at(-1)
    if (before !== undefined && breaks.has(i) && step - before > 1) {
      broken.steps.push(before + 0.5)
      broken.values.push(null)
    }
    broken.steps.push(step)
    broken.values.push(values[n] ?? null)
  })
  const known = values.some((value) => value !== null)
  const events = numbers.filter((_, n) => !Number.isFinite(raw[kept[n] as number]))
  if (!known && events.length === 0) return null
  return {
    name: 'steps',
    title: `${steps.header.statistic} of every single step`,
    steps: broken.steps,
    lines: known ? [{ column: 'value', label: 'this tensor', values: broken.values }] : [],
    logarithmic,
    unit: '',
    events,
  }
}

export function rateSeries(rate: Series | null): ChartSeries | null {
  const steps = rate?.columns.get('step')
  const [, values] = rate ? [...rate.columns.values()] : []
  if (!steps || !values) return null
  const lines = drawable(values, false)
  if (!lines.some((value) => value !== null)) return null
  return {
    name: 'rate',
    title: 'learning rate',
    steps: Array.from(steps),
    lines: [{ column: 'loss', label: 'learning rate', values: lines }],
    logarithmic: false,
    unit: '',
    events: [],
  }
}
