/** The data of the heatmap: loaded while the view is open, and again when the run changes. */

import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Api, Heatmap, RunGraph } from '../api'
import type { Finding, Tensor } from '../contract'
import { toggled } from '../lib/filter'
import { heatmapLines, type Line, type Mark, marksOf } from '../lib/heatmap-rows'
import { chosenStatistic, reductionOf, type Statistic, statisticsOf } from '../lib/statistics'
import { firstRun } from '../lib/verdict'
import type { Range } from '../lib/view-state'
import type { Alerts } from './alerts'
import type { ServerState } from './server'
import type { View } from './view'

export interface Layers {
  /** The shown run: the chosen one, else the first by rank with records. */
  readonly run: ReadonlySignal<string | null>
  /** The tensors of the shown run; null while they are loading. */
  readonly tensors: ReadonlySignal<readonly Tensor[] | null>
  readonly statistics: ReadonlySignal<readonly Statistic[]>
  readonly statistic: ReadonlySignal<Statistic | null>
  /** The last response; it stays while the next is loading. */
  readonly heatmap: ReadonlySignal<Heatmap | null>
  /** All steps of the run. */
  readonly whole: ReadonlySignal<Range>
  readonly lines: ReadonlySignal<readonly Line[]>
  readonly marks: ReadonlySignal<readonly Mark[]>
  readonly waiting: ReadonlySignal<boolean>
  readonly failure: ReadonlySignal<string | null>
  readonly toggleBlock: (key: string) => void
  /** TensorBoard's own graph of a run, asked for once. */
  readonly graph: (run: string) => Promise<RunGraph | null>
}

/** The maximum number of values in a response; more take longer without a visible gain. */
const MAX_NUMBERS = 600_000
const MAX_CELLS = 768
const MIN_CELLS = 96

export function createLayers(api: Api, server: ServerState, view: View, alerts: Alerts): Layers {
  const shown = computed(() => view.current.value.view === 'layers')
  // A run without records has no layers, whatever its rank.
  const firstRecorded = computed(() =>
    firstRun(alerts.runs.value.filter(({ records }) => records > 0)),
  )
  const run = computed(() => view.current.value.run ?? firstRecorded.value?.run ?? null)
  const told = computed(() => alerts.runOf.value.get(run.value ?? ''))
  const revision = computed(() => told.value?.revision ?? String(told.value?.records ?? ''))
  const listed = signal<{ run: string; list: readonly Tensor[] } | null>(null)
  const heatmap = signal<Heatmap | null>(null)
  const failure = signal<string | null>(null)
  const waiting = signal(false)

  const tensors = computed(() =>
    listed.value?.run === run.value ? (listed.value?.list ?? null) : null,
  )
  const statistics = computed(() => statisticsOf(tensors.value ?? []))
  const statisticText = computed(() => view.current.value.statistic)
  const statistic = computed(() => chosenStatistic(statistics.value, statisticText.value))
  const steps = computed(() => view.current.value.steps)
  const whole = computed(() => {
    const [from, to] = [told.value?.first_step ?? 0, told.value?.last_step ?? 1]
    return to > from ? { from, to } : { from: from - 1, to: from + 1 }
  })

  const ask = <T>(answer: Promise<T>, current: () => boolean, take: (value: T) => void) => {
    waiting.value = true
    answer.then(
      (value) => {
        if (!current()) return
        take(value)
        failure.value = null
        waiting.value = false
      },
      (error: unknown) => {
        if (!current()) return
        failure.value = error instanceof Error ? error.message : String(error)
        waiting.value = false
      },
    )
  }

  let tensorQuestion = 0
  effect(() => {
    const wanted = run.value
    // The set of tensors only changes with a new record.
    revision.value
    if (!shown.value || wanted === null) return
    const asked = ++tensorQuestion
    ask(
      api.tensors(wanted),
      () => asked === tensorQuestion,
      (list) => {
        listed.value = { run: wanted, list }
      },
    )
  })

  // Responses can arrive out of order; only the latest request counts.
  let question = 0
  effect(() => {
    const [wanted, what, range] = [run.value, statistic.value, steps.value]
    revision.value
    if (!shown.value || wanted === null || what === null) return
    const rows = tensors.peek()?.filter(({ kind }) => kind === what.kind).length ?? 1
    const width = Math.floor(MAX_NUMBERS / Math.max(1, rows))
    const asked = ++question
    ask(
      api.heatmap({
        run: wanted,
        ...what,
        width: Math.max(MIN_CELLS, Math.min(MAX_CELLS, width)),
        steps: range,
        reduce: reductionOf(what.column),
      }),
      () => asked === question,
      (answer) => {
        heatmap.value = answer
      },
    )
  })

  const rows = computed(() => heatmap.value?.header.rows ?? [])
  const blocks = computed(() => view.current.value.blocks)
  const openBlocks = computed(() => view.current.value.openBlocks)
  const lines = computed(() =>
    heatmapLines(rows.value, alerts.layerPattern.value.matches, blocks.value, openBlocks.value),
  )
  const marks = computed(() => {
    const header = heatmap.value?.header
    if (!header || server.page.value !== null) return []
    const own = ({ run, kind, muted }: Finding) =>
      run === header.run && kind === header.kind && !muted
    return marksOf(lines.value, rows.value, server.findings.value.filter(own))
  })
  const toggleBlock = (key: string) =>
    view.change({ openBlocks: toggled(view.current.peek().openBlocks, key) })
  const graphs = new Map<string, Promise<RunGraph | null>>()
  const graph = (run: string) => {
    const asked = graphs.get(run) ?? api.graph(run)
    graphs.set(run, asked)
    return asked
  }
  return {
    run,
    tensors,
    graph,
    statistics,
    statistic,
    heatmap,
    whole,
    lines,
    marks,
    waiting,
    failure,
    toggleBlock,
  }
}
