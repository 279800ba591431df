/** The losses of the compared runs, loaded again when a run changes. */

import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Api, Series } from '../api'
import { readLoss } from './loss'
import type { ServerState } from './server'
import type { View } from './view'

export interface Comparison {
  /** By run; null for a run without a recorded loss. */
  readonly losses: ReadonlySignal<ReadonlyMap<string, Series | null>>
}

export function createComparison(api: Api, server: ServerState, view: View): Comparison {
  const losses = signal<ReadonlyMap<string, Series | null>>(new Map())
  const compared = computed(() =>
    view.current.value.view === 'runs' ? view.current.value.compared : [],
  )
  const stamps = computed(() => {
    const runs = new Map(server.answer.value?.runs.map((run) => [run.run, run]))
    return compared.value.map((name) => {
      const run = runs.get(name)
      return JSON.stringify([name, run?.revision ?? run?.records ?? null])
    })
  })
  const asked = new Map<string, string>()

  effect(() => {
    const wanted = stamps.value
    for (const stamp of wanted) {
      const [run, revision] = JSON.parse(stamp)
      if (revision === null || asked.get(run) === stamp) continue
      asked.set(run, stamp)
      const loss = api.tensors(run).then((tensors) => readLoss(api, run, tensors))
      void loss.then(
        (loss) => {
          if (asked.get(run) === stamp) losses.value = new Map(losses.peek()).set(run, loss)
        },
        // The status line reports an unreachable server. The next change of the view retries.
        () => asked.delete(run),
      )
    }
  })
  return { losses }
}
