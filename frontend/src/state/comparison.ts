/** The data of the compared runs, loaded again when a run changes. */

import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Api, Evidence, Series } from '../api'
import { readLoss } from './loss'
import type { ServerState } from './server'
import type { View } from './view'

export interface Comparison {
  /** By run; null for a run without a recorded loss. */
  readonly losses: ReadonlySignal<ReadonlyMap<string, Series | null>>
  /** By run, the series behind its headline; null for a run without a finding. Only of more than two runs. */
  readonly worst: ReadonlySignal<ReadonlyMap<string, Evidence | null>>
}

export function createComparison(api: Api, server: ServerState, view: View): Comparison {
  const compared = computed(() =>
    view.current.value.view === 'runs' ? view.current.value.compared : [],
  )
  const runs = computed(() => new Map(server.answer.value?.runs.map((run) => [run.run, run])))
  const stampsOf = (names: readonly string[]) =>
    names.map((name) => {
      const run = runs.value.get(name)
      return JSON.stringify([name, run?.revision ?? run?.records ?? null, run?.named ?? null])
    })
  // A pair is compared finding by finding.
  const several = computed(() => (compared.value.length > 2 ? compared.value : []))
  return {
    losses: loaded(
      computed(() => stampsOf(compared.value)),
      async (run) => readLoss(api, run, await api.tensors(run)),
    ),
    worst: loaded(
      computed(() => stampsOf(several.value)),
      async (run, named) => (named === null ? null : api.evidence(run, named)),
    ),
  }
}

/** Reads what the stamps name, each stamp once; a run's stamp changes with its records. */
function loaded<T>(
  stamps: ReadonlySignal<readonly string[]>,
  read: (run: string, named: string | null) => Promise<T>,
): ReadonlySignal<ReadonlyMap<string, T>> {
  const values = signal<ReadonlyMap<string, T>>(new Map())
  const asked = new Map<string, string>()
  effect(() => {
    for (const stamp of stamps.value) {
      const [run, revision, named] = JSON.parse(stamp)
      if (revision === null || asked.get(run) === stamp) continue
      asked.set(run, stamp)
      void read(run, named).then(
        (value) => {
          if (asked.get(run) === stamp) values.value = new Map(values.peek()).set(run, value)
        },
        // The status line reports an unreachable server. The next change of the view retries.
        () => asked.delete(run),
      )
    }
  })
  return values
}
