/** The loss of a run with its incidents marked. */

import { useMemo } from 'preact/hooks'
import type { Series } from '../../../api'
import type { Run } from '../../../contract'
import { lossSeries } from '../../../lib/loss-series'
import { formatStep, formatValue } from '../../../lib/numbers'
import { type IncidentSpan, incidentSpans } from '../../../lib/run-incidents'
import { lossText, lowerFirst } from '../../../lib/verdict'
import { STEP_AXIS } from '../../../lib/x-axis'
import { titleOf } from '../../../state/alerts'
import { tokensFor } from '../../../theme/tokens'
import { useTab } from '../../context'
import { useDrawing } from '../../useDrawing'

export function LossGlance({ run, loss }: { run: Run; loss: Series | null }) {
  const { host, glance, server } = useTab()
  const series = useMemo(() => lossSeries(loss), [loss])
  const part = server.parts.value.get(run.run)
  const spans = useMemo(() => incidentSpans(part ?? []), [part])
  const dark = host.dark.value
  const { element } = useDrawing(
    series && { series, spans, tokens: tokensFor(dark), range: rangeOf(run), axis: STEP_AXIS },
    glance.cursor,
    null,
    [dark, series, spans, run.first_step, run.last_step],
  )
  return (
    <figure class="glance-part">
      <figcaption class="caption">Loss over the steps</figcaption>
      {series === null ? (
        <p class="muted">No loss was recorded.</p>
      ) : (
        <div ref={element} class="plot" role="img" aria-label={summary(run, spans)} />
      )}
      <p class="legend">
        <LossReading run={run} loss={loss} />
        <Marks spans={spans} title={titleOf(server)} />
      </p>
    </figure>
  )
}

function LossReading({ run, loss }: { run: Run; loss: Series | null }) {
  const step = useTab().glance.cursor.value
  if (step === null || loss === null) return <span>{lossText(run.loss) ?? ''}</span>
  const steps = Array.from(loss.columns.get('step') ?? [])
  const at = Math.max(
    0,
    steps.findLastIndex((other) => other <= step),
  )
  const value = loss.columns.get('mean')?.[at] ?? Number.NaN
  return (
    <span>
      step {formatStep(steps[at] ?? null)}: {formatValue(value)}
    </span>
  )
}

/** The marked incidents as links to their evidence. */
const SHOWN = 3

function Marks({
  spans,
  title,
}: {
  spans: readonly IncidentSpan[]
  title: (symptom: string) => string
}) {
  const { view } = useTab()
  return (
    <>
      {spans.slice(0, SHOWN).map(({ lead, opened, severity }) => (
        <button
          key={lead.id}
          class={`mark-key ${severity}`}
          type="button"
          onClick={() => view.change({ opened: { run: lead.run, id: lead.id } })}
        >
          {title(lead.symptom)} from step {formatStep(opened)}
        </button>
      ))}
      {spans.length > SHOWN && <span>and {spans.length - SHOWN} more</span>}
    </>
  )
}

function rangeOf({ first_step, last_step }: Run) {
  const [from, to] = [first_step ?? 0, last_step ?? 1]
  return to > from ? { from, to } : { from: from - 1, to: from + 1 }
}

function summary(run: Run, spans: readonly IncidentSpan[]): string {
  const incidents = spans.map(
    ({ lead, opened }) => `${lowerFirst(lead.symptom)} from step ${formatStep(opened)}`,
  )
  const marked = incidents.length > 0 ? `; marked: ${incidents.join(', ')}` : ''
  return `Loss of ${run.run}: ${lossText(run.loss) ?? 'not recorded'}${marked}`
}
