/**
 * The HTTP contract as types; its text is in tb_gradhealth/README.md, "Routes".
 * A missing number is null: the server's JSON never holds NaN.
 */

import type { ColumnShape } from './lib/frame'

export type Severity = 'info' | 'warning' | 'critical'
export type FindingState = 'open' | 'resolved'
export type Verdict = 'healthy' | 'warning' | 'critical' | 'unknown'

/** From worst to least: the order in which people want to read them. */
export const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info']
export const FINDING_STATES: readonly FindingState[] = ['open', 'resolved']

export interface Problem {
  path: string
  offset: number | null
  message: string
}

export interface NotMeasured {
  tensor: string
  kind: string
  reason: string
}

export interface Run {
  run: string
  verdict: Verdict
  last_step: number | null
  last_wall_time: number | null
  records: number
  tensors: number
  every: number | null
  counts: Record<Severity, number>
  loss: { first: number | null; last: number | null }
  not_measured: NotMeasured[]
  problems: Problem[]
}

export interface RunsAnswer {
  /** The server's clock, in seconds since the epoch. */
  now?: number
  /** How far the log directory was read. */
  loading?: { done: boolean; runs_read: number; runs: number; bytes_read: number; bytes: number }
  version: string
  logdir: string
  runs: Run[]
  /** Runs with event files but without a record of ours. */
  other_runs?: number
  problems: Problem[]
}

export interface Finding {
  run: string
  /** Unique within its run only: the same symptom of the same tensor has one id in every run. */
  id: string
  symptom: string
  severity: Severity
  kind: string
  tensor: string
  layer: string
  state: FindingState
  opened_step: number
  last_step: number
  peak_step: number
  resolved_step: number | null
  count: number
  value: number | null
  threshold: number | null
  origin: boolean
  message: string
  trend: (number | null)[]
}

export interface Symptom {
  id: string
  title: string
  meaning: string
  causes: string[]
  advice: string[]
  measure: string
  logarithmic: boolean
  direction: 'above' | 'below'
}

export type EvidenceColumn = 'step' | 'value' | 'threshold' | 'statistic' | 'reference' | 'loss'

export interface EvidenceHeader {
  run: string
  finding: Finding
  points: number
  columns: ColumnShape[]
  labels: Partial<Record<EvidenceColumn, string>>
}
