/** The run of the first screen at a glance: its loss and a small picture of its layers. */

import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Api, Heatmap, Series } from '../api'
import type { Finding, Run, Tensor } from '../contract'
import { comparedColumn } from '../lib/layer-neighbours'
import { networkOf } from '../lib/network'
import { type DrawnNode, foldNetwork } from '../lib/network-folds'
import { isLargeNetwork } from '../lib/network-size'
import { reductionOf, type Statistic, statisticsOf } from '../lib/statistics'
import type { Alerts } from './alerts'
import { readLoss } from './loss'
import type { ServerState } from './server'
import type { View } from './view'

export interface GlanceData {
  run: string
  /** The network in forward order, a large one folded into blocks. */
  nodes: readonly DrawnNode[]
  loss: Series | null
  heatmap: Heatmap | null
}

export interface Glance {
  /** The run of the opened finding, else the chosen run, else the first by rank with records; null without one. */
  readonly run: ReadonlySignal<Run | null>
  /** The last response; it stays while the next one for the same run is loading. */
  readonly data: ReadonlySignal<GlanceData | null>
  /** Whether the panel is on the screen; nothing is loaded before. */
  readonly shown: Signal<boolean>
  /** The step under the cursor. */
  readonly cursor: Signal<number | null>
}

const MAX_NUMBERS = 100_000
const MAX_CELLS = 160
const MIN_CELLS = 16

export function createGlance(
  api: Api,
  server: ServerState,
  view: View,
  alerts: Alerts,
  chosen: ReadonlySignal<string | null>,
): Glance {
  const data = signal<GlanceData | null>(null)
  const shown = signal(false)
  const cursor = signal<number | null>(null)
  const run = computed(() => {
    const name = view.current.value.opened?.run ?? chosen.value ?? ''
    return alerts.runOf.value.get(name) ?? null
  })
  const request = computed(() => {
    const current = run.value
    // The findings come first: this panel is below them.
    const waits = server.page.value !== null || view.current.value.view !== 'overview'
    if (!shown.value || waits || current === null || current.records === 0) return null
    const { run: name, revision, records, tensors } = current
    return JSON.stringify({ name, revision: revision ?? records, tensors })
  })
  /** A large network has a large list of tensors, which seldom changes. */
  let listed: { key: string; tensors: readonly Tensor[]; nodes: readonly DrawnNode[] } | null = null
  let latestRequest = 0

  async function read(name: string, tensorCount: number): Promise<GlanceData> {
    const key = `${tensorCount} ${name}`
    if (listed?.key !== key) {
      const tensors = await api.tensors(name)
      listed = { key, tensors, nodes: await nodesOf(tensors) }
    }
    const { tensors, nodes } = listed
    const statistic = pictured(tensors, alerts.named(run.peek()))
    const [loss, heatmap] = await Promise.all([
      readLoss(api, name, tensors),
      statistic && api.heatmap(pictureOf(name, tensors, statistic)),
    ])
    return { run: name, nodes, loss, heatmap }
  }

  effect(() => {
    const wanted = request.value
    const requestId = ++latestRequest
    if (wanted === null) return
    const { name, tensors } = JSON.parse(wanted)
    if (data.peek()?.run !== name) {
      data.value = null
      cursor.value = null
    }
    read(name, tensors).then(
      (answer) => {
        if (requestId === latestRequest) data.value = answer
      },
      // The status line reports an unreachable server. The next record retries.
      () => undefined,
    )
  })
  return { run, data, shown, cursor }
}

/** In tasks of their own: thousands of layers take tens of milliseconds each. */
async function nodesOf(tensors: readonly Tensor[]): Promise<readonly DrawnNode[]> {
  await nextTask()
  const network = networkOf(tensors)
  await nextTask()
  const { nodes } = foldNetwork(network, isLargeNetwork(tensors), [])
  return nodes.filter(({ members }) => members[0]?.kind !== 'target')
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

/** The statistic that shows the named finding, else the first one. */
function pictured(tensors: readonly Tensor[], named: Finding | null): Statistic | null {
  const statistics = statisticsOf(tensors)
  const tensor = tensors.find(({ tensor, kind }) => tensor === named?.tensor && kind === named.kind)
  const column = named && tensor ? comparedColumn(named, tensor) : null
  const fits = ({ kind, column: other }: Statistic) => kind === named?.kind && other === column
  return statistics.find(fits) ?? statistics[0] ?? null
}

function pictureOf(run: string, tensors: readonly Tensor[], statistic: Statistic) {
  const rows = tensors.filter(({ kind }) => kind === statistic.kind).length
  const width = Math.floor(MAX_NUMBERS / Math.max(1, rows))
  return {
    run,
    ...statistic,
    width: Math.max(MIN_CELLS, Math.min(MAX_CELLS, width)),
    reduce: reductionOf(statistic.column),
  }
}
