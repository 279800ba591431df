/** What other rules would change, in words and by symptom; and which runs they are tried on. */

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
  /** What is judged; no run where none passes the reader's choice. */
  runs: readonly Run[]
  /** How many the reader's choice lets through. */
  requested: number
  /** The names to ask for; none where all runs there are is meant. */
  names: readonly string[]
}

/** The server's own bound. */
export const MAX_RUNS = 100
/** Of the 64 KiB that a request line may have, a rule document takes up to half. */
const MAX_CHARACTERS = 24 << 10

/** The first runs that fit into a question. */
export function selectTrialRuns(requested: readonly Run[], all: number): TrialRuns {
  let characters = 0
  const runs = requested.slice(0, MAX_RUNS).filter(({ run }) => {
    characters += encodeURIComponent(run).length + '&run='.length
    return characters <= MAX_CHARACTERS
  })
  const everything = runs.length === all
  return { runs, requested: requested.length, names: everything ? [] : runs.map(({ run }) => run) }
}
