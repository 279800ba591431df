/** The statistics of tensors with their display names, and those that a run has. */

import type { Tensor, Unit } from '../contract'

export interface Statistic {
  kind: string
  column: string
}

interface Known {
  name: string
  /** Whether its values need a logarithmic scale. */
  logarithmic: boolean
  /** How the records of a cell are reduced: to the value furthest from healthy. */
  reduce: 'max' | 'mean' | 'min'
  unit?: Unit
}

const KNOWN: Readonly<Record<string, Known>> = {
  rms: { name: 'RMS', logarithmic: true, reduce: 'mean' },
  mean: { name: 'mean', logarithmic: false, reduce: 'mean' },
  minimum: { name: 'minimum', logarithmic: false, reduce: 'min' },
  maximum: { name: 'maximum', logarithmic: false, reduce: 'max' },
  zero_fraction: { name: 'zeros', logarithmic: false, reduce: 'max', unit: 'share' },
  nan_count: { name: 'NaN elements', logarithmic: true, reduce: 'max' },
  inf_count: { name: 'infinite elements', logarithmic: true, reduce: 'max' },
  bad_steps: { name: 'steps with NaN or infinity', logarithmic: false, reduce: 'max' },
  dead_fraction: { name: 'dead units', logarithmic: false, reduce: 'max', unit: 'share' },
  dormant_fraction: { name: 'dormant units', logarithmic: false, reduce: 'max', unit: 'share' },
  saturated_fraction: { name: 'saturated units', logarithmic: false, reduce: 'max', unit: 'share' },
  outer_fraction: {
    name: 'outputs at the edges',
    logarithmic: false,
    reduce: 'max',
    unit: 'share',
  },
  peak_rms: { name: 'largest RMS of any step', logarithmic: true, reduce: 'max' },
  peak_max: { name: 'largest |x| of any step', logarithmic: true, reduce: 'max' },
  untouched_fraction: { name: 'untouched rows', logarithmic: false, reduce: 'max', unit: 'share' },
  constant_fraction: {
    name: 'constant features',
    logarithmic: false,
    reduce: 'max',
    unit: 'share',
  },
  feature_spread: { name: 'largest / median feature', logarithmic: true, reduce: 'max' },
  replica_spread: { name: 'spread of replicas', logarithmic: false, reduce: 'max' },
  update_ratio: { name: 'update / weight', logarithmic: true, reduce: 'mean' },
  percentile_50: { name: 'median magnitude', logarithmic: true, reduce: 'mean' },
  percentile_99: { name: '99th percentile', logarithmic: true, reduce: 'mean' },
  below_float16: {
    name: 'below float16’s range',
    logarithmic: false,
    reduce: 'max',
    unit: 'share',
  },
}

/** Kinds of tensors in display order. */
const KINDS: Readonly<Record<string, string>> = {
  gradient: 'Gradients',
  clipped: 'Clipped gradients',
  activation: 'Activations',
  weight: 'Weights',
  update: 'Updates',
  input: 'Inputs',
  target: 'Targets',
}

export function columnName(column: string): string {
  return KNOWN[column]?.name ?? column.replaceAll('_', ' ')
}

export function unitOf(column: string): Unit {
  return KNOWN[column]?.unit ?? ''
}

export function kindName(kind: string): string {
  return KINDS[kind] ?? kind
}

export function isLogarithmic(column: string): boolean {
  return KNOWN[column]?.logarithmic ?? false
}

export function reductionOf(column: string): 'max' | 'mean' | 'min' {
  return KNOWN[column]?.reduce ?? 'max'
}

/** The statistics that the heatmap can show, by kind; auxiliary columns are left out. */
export function statisticsOf(tensors: readonly Tensor[]): Statistic[] {
  return Object.keys(KINDS).flatMap((kind) => {
    const has = new Set<string>()
    for (const tensor of tensors) {
      if (tensor.kind !== kind || tensor.not_measured !== '') continue
      for (const column of [...tensor.columns, ...(tensor.derived ?? [])]) has.add(column)
    }
    return Object.keys(KNOWN)
      .filter((column) => has.has(column))
      .map((column) => ({ kind, column }))
  })
}

export function formatStatistic({ kind, column }: Statistic): string {
  return `${kind}.${column}`
}

/** The chosen statistic if the run has it, else the first. */
export function chosenStatistic(all: readonly Statistic[], text: string): Statistic | null {
  return all.find((statistic) => formatStatistic(statistic) === text) ?? all[0] ?? null
}
