/**
 * The HTTP contract as types; its description is in tb_gradhealth/README.md, "Routes".
 * A missing number is null: the server's JSON never holds NaN.
 */

import type { ColumnShape } from './lib/frame'

export type Severity = 'info' | 'warning' | 'critical'
export type FindingState = 'open' | 'resolved'
/** "too early": no finding, but too few records to call the run healthy. "unknown": no records. */
export type Verdict = 'healthy' | 'too early' | 'warning' | 'critical' | 'unknown'

/** From worst to mildest, the display order. */
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

/** What was checked, whether or not anything was found. */
export interface Checked {
  tensors: number
  records: number
  first_step: number | null
  last_step: number | null
  /** The ids of the symptoms that were judged. */
  symptoms: string[]
  not_judged: { symptom: string; title: string; reason: string }[]
  /** The measured value closest to its limit. */
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
  /** The first step of the non-finite values at the end; null if the last value is finite. */
  non_finite_since: number | null
}

export interface Run {
  run: string
  /** Changes whenever any field of the run changes. */
  revision?: string
  verdict: Verdict
  /** The position of the run in every view; 0 is the run to look at first. */
  rank: number
  /** The run in one sentence. */
  headline: string
  /** The finding that the headline is about. */
  named: string | null
  /** What the verdict does not take into account, or empty; shown beside the verdict. */
  reservation: string
  /** The number of records, and the number that a verdict needs. */
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
  /** The worst severity of each symptom found, without muted findings. */
  symptoms?: Record<string, Severity>
}

export interface RunsAnswer {
  version: string
  /** The server's clock in seconds; ages are relative to it, not to the browser's clock. */
  now?: number
  loading?: Loading & { runs_read: number; runs: number }
  logdir: string
  runs: Run[]
  /** Runs with event files but without Grad Health records. */
  other_runs?: number
  problems: Problem[]
}

export interface FindingSummary {
  run: string
  /** Unique within its run: the same symptom of the same tensor has the same id in every run. */
  id: string
  symptom: string
  severity: Severity
  kind: string
  tensor: string
  layer: string
}

export interface Finding extends FindingSummary {
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
  /** Shared by the findings of one incident. */
  incident?: string
  /** The reason of the mute that applies, or empty. */
  muted?: string
  unit: Unit
  /** The finding of the same incident that caused this one; null if it only began at the same time. */
  follows: string | null
  /** What the run was trained with; empty if it is not known. */
  framework?: string
  /**
   * Compared number by number, it sorts the findings of all runs; those with equal keys keep the order in which the
   * server lists runs and their findings. The first number is the severity of the incident: 0 critical, 1 warning,
   * 2 info, 3 muted.
   */
  sort_key: readonly number[]
}

/** The unit of a value and its threshold; empty for plain numbers. */
export type Unit = '' | 'share' | 'z' | 'elements' | 'steps' | 'times' | 'ratio' | 'variables'

/** Counts over all findings, sent with the first incidents. */
export interface Page {
  /** All findings, including muted ones. */
  total: number
  muted: number
  /** Without muted findings. */
  counts: {
    severity: Partial<Record<Severity, number>>
    state: Partial<Record<FindingState, number>>
    symptom: Record<string, number>
    kind: Record<string, number>
  }
  incidents: number
  /** The first incidents in the table's order: the id of each lead, and the number of findings. */
  rows: { run: string; lead: string; findings: number }[]
  /** The finding that the verdict over all runs names. */
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
  /** In neutral words. */
  advice: string[]
  /** In the words of the framework of a finding. */
  advice_by_framework?: Partial<Record<string, string[]>>
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

/** A measured tensor of a run; lists are in forward order. */
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
  /** Statistics derived from the columns; the heatmap accepts them like columns. */
  derived?: string[]
  magnitudes: boolean
  not_measured: string
  /** The number of elements in the sample; 0 if all elements are measured. */
  sampled?: number
  /** Whether the layer produces the model's output. */
  output?: boolean
  /** Of an activation, the activations and inputs whose values feed it; empty where unknown. */
  inputs?: string[]
  /** What is between those and this layer and is not measured. */
  between?: string
}

/** The latest state of one symptom for one tensor. */
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
  /** The value in the rules in force. */
  value: number
  default: number
  minimum: number | null
  maximum: number | null
  meaning: string
  integer: boolean
  logarithmic: boolean
}

/** A symptom with its settings in the rules in force. */
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
  /** Patterns of symptom ids and of tensor names; a missing one matches everything. */
  symptom?: string
  tensor?: string
  /** The last day of the mute, as YYYY-MM-DD. */
  until?: string | null
}

/** A rule file as plain values: the differences from the default rules. */
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
  /** The name of the preset or the path of the file. */
  origin: string
  /** Why the requested file is not used, or empty. */
  problem: string
  toml: string
  rules: RuleDocument
  presets: Preset[]
  symptoms: SymptomRules[]
}

export interface ChangedFinding extends FindingSummary {
  before: Severity
  after: Severity
}

/** What other rules find in the records in memory. */
export interface Judged {
  /** The rule file that `gradhealth check --rules` reads. */
  toml: string
  rules: RuleDocument
  added: FindingSummary[]
  removed: FindingSummary[]
  changed: ChangedFinding[]
  counts: Record<'before' | 'after', Record<Severity, number>>
}
