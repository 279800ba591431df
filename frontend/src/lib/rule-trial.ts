/** The effect of trying other rules, as text and by symptom; and the runs they are tried on. */

import type { Judged, Run } from '../contract'
import { count, formatStep } from './numbers'

/** "+3 findings, −2 findings, 1 changes its severity". */
export function trialSentence({ added, removed, changed }: Judged): string {
  const parts = [
    added.length > 0 && `+${count(added.length, 'finding')}`,
    removed.length > 0 && `−${count(removed.length, 'finding')}`,
    changed.length > 0 &&
      (changed.length === 1
        ? '1 changes its severity'
        : `${formatStep(changed.length)} change their severity`),
  ].filter((part) => part !== false)
  return parts.length === 0 ? 'nothing changes' : parts.join(', ')
}

export interface Effect {
  added: number
  removed: number
  changed: number
}

export function effectsBySymptom(judged: Judged): ReadonlyMap<string, Effect> {
  const effects = new Map<string, Effect>()
  for (const part of ['added', 'removed', 'changed'] as const) {
    for (const { symptom } of judged[part]) {
      const effect = effects.get(symptom) ?? { added: 0, removed: 0, changed: 0 }
      effect[part] += 1
      effects.set(symptom, effect)
    }
  }
  return effects
}

export interface TrialRuns {
  /** The runs to judge; empty if no run passes the filter. */
  runs: readonly Run[]
  /** The number of runs that pass the filter. */
  requested: number
  /** The names for the request; empty for all runs. */
  names: readonly string[]
}

/** The limit of the route. */
export const MAX_RUNS = 100
/** A request line may have 64 KiB, of which a rule document may take half. */
const MAX_CHARACTERS = 24 << 10

/** The first runs that fit into one request. */
export function selectTrialRuns(requested: readonly Run[], all: number): TrialRuns {
  let characters = 0
  const runs = requested.slice(0, MAX_RUNS).filter(({ run }) => {
    characters += encodeURIComponent(run).length + '&run='.length
    return characters <= MAX_CHARACTERS
  })
  const everything = runs.length === all
  return { runs, requested: requested.length, names: everything ? [] : runs.map(({ run }) => run) }
}
