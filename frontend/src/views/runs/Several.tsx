/** More than two runs: their losses in one chart, and for each run its loss and its sickest layer. */

import { useMemo } from 'preact/hooks'
import type { Run } from '../../contract'
import { compactNames } from '../../lib/compact-names'
import type { Column } from '../../lib/frame'
import { formatValue } from '../../lib/numbers'
import { stepRange, valueAxis } from '../../lib/small-chart'
import { unbroken } from '../../lib/unbroken'
import { runChip } from '../../lib/verdict'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { LineKey, LossChart } from './LossChart'
import { SmallChart } from './SmallChart'

export function Several({ runs }: { runs: readonly Run[] }) {
  const { view, comparison } = useTab()
  const losses = comparison.losses.value
  const shared = useMemo(() => {
    const column = (name: string): Column[] =>
      runs.flatMap(({ run }) => losses.get(run)?.columns.get(name) ?? [])
    return { steps: stepRange(column('step')), axis: valueAxis(column('mean')) }
  }, [runs.map(({ run }) => run).join('\n'), losses])
  const names = compactNames(runs.map(({ run }) => run))
  return (
    <section class="comparison" aria-label="Comparison">
      <div class="comparison-top">
        <h2>{runs.length} runs compared</h2>
        <button class="button" type="button" onClick={() => view.change({ compared: [] })}>
          End comparison
        </button>
      </div>
      <LossChart runs={runs.map(({ run }) => run)} />
      <p class="facts">
        Each run alone: its loss, all on the same axes, and the layer its verdict is about.
      </p>
      <ul class="small-multiples">
        {runs.map((run, i) => (
          <li key={run.run}>
            <h3 title={run.run}>
              <LineKey run={run.run} />
              <bdi class="small-name">{names[i]}</bdi>
              <span class={`chip ${runChip(run).tone}`}>{runChip(run).text}</span>
            </h3>
            <LossOf run={run} shared={shared} />
            <WorstOf run={run} />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface Shared {
  steps: ReturnType<typeof stepRange>
  axis: ReturnType<typeof valueAxis>
}

function LossOf({ run, shared }: { run: Run; shared: Shared }) {
  const loss = useTab().comparison.losses.value.get(run.run)
  if (loss === undefined) return <p class="muted">Reading…</p>
  const [steps, values] = [loss?.columns.get('step'), loss?.columns.get('mean')]
  if (!steps || !values || shared.axis === null)
    return <p class="muted">No finite loss recorded.</p>
  const { axis } = shared
  return (
    <SmallChart
      caption={`Loss, ${formatValue(axis.low)} to ${formatValue(axis.high)}${axis.logarithmic ? ', logarithmic' : ''}`}
      steps={steps}
      values={values}
      range={shared.steps}
      axis={axis}
    />
  )
}

function WorstOf({ run }: { run: Run }) {
  const { comparison, view, server } = useTab()
  const evidence = comparison.worst.value.get(run.run)
  if (evidence === undefined) return <p class="muted">Reading…</p>
  if (evidence === null) return <p class="muted">{unbroken(run.headline)}</p>
  const { finding } = evidence.header
  const logarithmic = server.symptoms.value.get(finding.symptom)?.logarithmic ?? false
  const [steps, values, limit] = ['step', 'value', 'threshold'].map(
    (name) => evidence.columns.get(name) ?? new Float64Array(),
  ) as [Column, Column, Column]
  const axis = valueAxis([values, limit], logarithmic)
  const title = titleOf(server)(finding.symptom)
  return (
    <>
      {axis !== null && (
        <SmallChart
          caption={evidence.header.labels.value ?? title}
          steps={steps}
          values={values}
          limit={limit}
          range={stepRange([steps])}
          axis={axis}
        />
      )}
      <button
        class="text-link"
        type="button"
        onClick={() => view.change({ opened: { run: finding.run, id: finding.id } })}
      >
        {title}: <bdi class="mono">{finding.tensor}</bdi>
      </button>
    </>
  )
}
