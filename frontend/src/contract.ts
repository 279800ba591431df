/**
 * The HTTP contract as types; its text is in tb_gradhealth/README.md, "Routes".
 * A missing number is null: the server's JSON never holds NaN.
 */

import type { ColumnShape } from './lib/frame'

export type Severity = 'info' | 'warning' | 'critical'
export type FindingState = 'open' | 'resolved'
/** "too early": no finding, and too little recorded to call it healthy. "unknown": nothing recorded. */
export type Verdict = 'healthy' | 'too early' | 'warning' | 'critical' | 'unknown'

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

export interface Loading {
  done: boolean
  bytes_read: number
  bytes: number
}

/** What was looked at, whether or not anything was found. */
export interface Checked {
  tensors: number
  records: number
  first_step: number | null
  last_step: number | null
  /** The ids of those that were judged. */
  symptoms: string[]
  not_judged: { symptom: string; title: string; reason: string }[]
  /** The measured value that is nearest to its limit. */
  closest: Closest | null
}

export interface Closest {
  symptom: string
  kind: string
  tensor: string
  value: number | null
  threshold: number | null
  unit: Unit
  direction: 'above' | 'below'
}

export interface Loss {
  first: number | null
  last: number | null
  /** From which step to the end it has had no finite value; null where its last one is finite. */
  non_finite_since: number | null
}

export interface Run {
  run: string
  /** Changes whenever anything that is told of the run does. */
  revision?: string
  verdict: Verdict
  /** 0 for the run to look at first: the order of runs in every view. */
  rank: number
  /** One sentence about the run. */
  headline: string
  /** The finding that the headline speaks of. */
  named: string | null
  /** What the verdict could not take into account, or empty; it stands beside the verdict. */
  reservation: string
  /** How many records there are, and how many make a verdict. */
  enough: { records: number; wanted: number }
  checked: Checked
  first_step?: number | null
  last_step: number | null
  last_wall_time: number | null
  records: number
  tensors: number
  every: number | null
  counts: Record<Severity, number>
  loss: Loss
  not_measured: NotMeasured[]
  problems: Problem[]
  loading?: Loading
  hparams?: Record<string, number | string | boolean> | null
  incidents?: number
  /** The worst severity of each symptom found, without what is muted. */
  symptoms?: Record<string, Severity>
}

export interface RunsAnswer {
  version: string
  /** The server's clock, in seconds: ages are told by it, not by the reader's. */
  now?: number
  loading?: Loading & { runs_read: number; runs: number }
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
  /** Shared by the findings of a run that began together. */
  incident?: string
  /** Why the rules do not count it, or empty. */
  muted?: string
  unit: Unit
  /** The finding of the same incident that this one follows from; null for what only began with it. */
  follows: string | null
  /**
   * Compared number by number, it sorts the findings of all runs; those with equal keys keep the order in which the
   * server lists runs and their findings. The first number is the severity of the incident: 0 critical, 1 warning,
   * 2 info, 3 muted.
   */
  sort_key: readonly number[]
}

/** What a value and its threshold are told in; empty for plain numbers. */
export type Unit = '' | 'share' | 'z' | 'elements' | 'steps' | 'times' | 'ratio' | 'variables'

/** What is said of all findings beside the first incidents, before the others have come. */
export interface Page {
  /** All findings, with those that are muted. */
  total: number
  muted: number
  /** Without what is muted. */
  counts: {
    severity: Partial<Record<Severity, number>>
    state: Partial<Record<FindingState, number>>
    symptom: Record<string, number>
    kind: Record<string, number>
  }
  incidents: number
  /** The first incidents in the table's order: their leads' ids, and how many findings each has. */
  rows: { run: string; lead: string; findings: number }[]
  /** What the verdict over all runs speaks of. */
  named: Finding | null
}

export interface FirstPage {
  findings: Finding[]
  page: Page
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
  unit?: Unit
  formula?: string
  source?: string
  kinds?: string[]
}

export type EvidenceColumn = 'step' | 'value' | 'threshold' | 'statistic' | 'reference' | 'loss'

export interface EvidenceHeader {
  run: string
  finding: Finding
  points: number
  columns: ColumnShape[]
  labels: Partial<Record<EvidenceColumn, string>>
}

export type Trend = readonly (number | null)[]

/** A measured thing of a run, in forward order. */
export interface Tensor {
  tensor: string
  layer: string
  kind: string
  role: string
  depth: number
  shape: number[]
  dtype: string
  activation: string
  columns: string[]
  /** Statistics that follow from the columns; the heatmap takes them like a column. */
  derived?: string[]
  magnitudes: boolean
  not_measured: string
  /** Elements that its numbers are estimated from, 0 where all are measured. */
  sampled?: number
}

/** What a rule made of one tensor at last. */
export interface SymptomState {
  symptom: string
  kind: string
  tensor: string
  layer: string
  state: string
  reason: string
  value: number | null
  threshold: number | null
}

export interface FrameHeader {
  run: string
  points: number
  columns: ColumnShape[]
}

export interface StepsHeader extends FrameHeader {
  statistic: string
}

export interface MagnitudesHeader extends FrameHeader {
  exponents: number[]
  bins: number
}

export interface HeatmapRow {
  tensor: string
  layer: string
  role: string
  depth: number
  /** See `Tensor`. */
  sampled?: number
}

export interface HeatmapHeader extends FrameHeader {
  kind: string
  column: string
  rows: HeatmapRow[]
}

/** One tunable number of a symptom. */
export interface Limit {
  name: string
  /** In the rules in force. */
  value: number
  default: number
  minimum: number | null
  maximum: number | null
  meaning: string
  integer: boolean
  logarithmic: boolean
}

/** A symptom as the rules in force want it. */
export interface SymptomRules {
  id: string
  title: string
  enabled: boolean
  least_severity: Severity
  most_severity: Severity
  /** Patterns of tensor names. */
  include: string[]
  exclude: string[]
  scope: string
  limits: Limit[]
}

export interface Mute {
  reason: string
  /** Patterns of symptom ids and of tensor names; everything where they are missing. */
  symptom?: string
  tensor?: string
  /** The last day on which it holds, as YYYY-MM-DD. */
  until?: string | null
}

/** A rule file as plain values: what differs from the default rules. */
export interface RuleDocument {
  version?: number
  extends?: string
  symptoms?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  mute?: readonly Mute[]
}

export interface Preset {
  name: string
  summary: string
  rules: RuleDocument
}

export interface RulesAnswer {
  /** A preset's name or the file they are from. */
  origin: string
  /** Why the file that was wanted is not used, or empty. */
  problem: string
  toml: string
  rules: RuleDocument
  presets: Preset[]
  symptoms: SymptomRules[]
}

export interface FindingSummary {
  run: string
  id: string
  symptom: string
  severity: Severity
  kind: string
  tensor: string
  layer: string
}

export interface ChangedFinding extends FindingSummary {
  before: Severity
  after: Severity
}

/** What other rules would find in what is remembered. */
export interface Judged {
  /** The rule file that `gradhealth check --rules` reads. */
  toml: string
  rules: RuleDocument
  added: FindingSummary[]
  removed: FindingSummary[]
  changed: ChangedFinding[]
  counts: Record<'before' | 'after', Record<Severity, number>>
}
