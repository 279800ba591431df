/** The data below the evidence's first chart, loaded if the tensor has it. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Api, Heatmap, Magnitudes, Series, Steps } from '../api'
import type { Finding, SymptomState, Tensor } from '../contract'
import { keyOf } from '../lib/finding-entries'
import { comparedColumn } from '../lib/layer-neighbours'

export interface Details {
  /** `keyOf` the finding. */
  key: string
  tensor: Tensor | null
  steps: Steps | null
  magnitudes: Magnitudes | null
  heatmap: Heatmap | null
  learningRate: Series | null
  states: readonly SymptomState[]
}

const NOTHING = {
  tensor: null,
  steps: null,
  magnitudes: null,
  heatmap: null,
  learningRate: null,
  states: [],
}

const CELLS = 256

export function createDetails(
  api: Api,
  finding: ReadonlySignal<Finding | null>,
): ReadonlySignal<Details | null> {
  const details = signal<Details | null>(null)
  let latestRequest = 0

  effect(() => {
    const current = finding.value
    const requestId = ++latestRequest
    if (current === null) {
      details.value = null
      return
    }
    const key = keyOf(current)
    if (details.peek()?.key !== key) details.value = { key, ...NOTHING }
    const show = (part: Partial<Details>) => {
      const before = details.peek()
      if (requestId === latestRequest && before) details.value = { ...before, ...part }
    }
    void read(api, current, show)
  })
  return details
}

/** Loads the parts independently: a failed part does not affect the others. */
async function read(
  api: Api,
  { run, tensor: name, kind, symptom, ...rest }: Finding,
  show: (part: Partial<Details>) => void,
): Promise<void> {
  const finding = { run, tensor: name, kind, symptom, ...rest }
  const key = { run, tensor: name, kind }
  const part = <T>(answer: Promise<T>, name: keyof Details) =>
    answer.then(
      (value) => show({ [name]: value }),
      // The evidence's series reports the server's error.
      () => undefined,
    )
  const tensors = await api.tensors(run).catch(() => [])
  const tensor = tensors.find((known) => known.tensor === name && known.kind === kind) ?? null
  show({ tensor })
  const rate = tensors.find(({ tensor }) => tensor === 'learning_rate')
  const [rateColumn] = rate?.columns ?? []
  const column = tensor && comparedColumn(finding, tensor)
  await Promise.all([
    part(api.states(run, name), 'states'),
    tensor && part(api.steps(key), 'steps'),
    tensor?.magnitudes && part(api.magnitudes(key, CELLS), 'magnitudes'),
    column && kind !== 'loss' && part(api.heatmap({ run, kind, column, width: CELLS }), 'heatmap'),
    rate &&
      rateColumn &&
      part(api.series({ run, tensor: rate.tensor, kind: rate.kind }, rateColumn), 'learningRate'),
  ])
}
