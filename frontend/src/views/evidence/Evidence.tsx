/** The evidence of the opened finding: measurements, meaning, advice and links. */

import { useEffect, useRef } from 'preact/hooks'
import type { Finding, Symptom } from '../../contract'
import { stateText } from '../../lib/finding-text'
import { formatMeasured, formatStep } from '../../lib/numbers'
import { lowerFirst } from '../../lib/verdict'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { EvidenceCharts } from './EvidenceCharts'
import { Links } from './Links'
import { OtherRules } from './OtherRules'

export function Evidence() {
  const { view, evidence, server } = useTab()
  const { opened } = view.current.value
  const finding = evidence.finding.value
  if (opened === null) return null
  const symptom = finding ? server.symptoms.value.get(finding.symptom) : undefined
  return (
    <aside class="evidence" aria-label="Evidence">
      <div class="evidence-top">
        <span class="caption">Evidence</span>
        <button
          class="close"
          type="button"
          aria-label="Close evidence"
          title="Close (Escape)"
          onClick={() => view.change({ opened: null })}
        >
          ×
        </button>
      </div>
      {finding === null ? (
        <p class="muted">
          {server.page.value === null
            ? 'This finding is not among those the server tells of (any more).'
            : 'Reading the findings…'}
        </p>
      ) : (
        <Details key={`${finding.id}:${finding.run}`} finding={finding} symptom={symptom} />
      )}
    </aside>
  )
}

function Details({ finding, symptom }: { finding: Finding; symptom: Symptom | undefined }) {
  const heading = useRevealed()
  return (
    <>
      <h2 ref={heading}>
        {symptom?.title ?? finding.symptom} · <bdi class="mono">{finding.tensor}</bdi>
      </h2>
      <p>{finding.message}</p>
      <Cause finding={finding} />
      {finding.muted && <p class="muted">Muted by the rules: {finding.muted}</p>}
      <Facts finding={finding} />
      <EvidenceCharts finding={finding} symptom={symptom} />
      {symptom && <Advice symptom={symptom} />}
      <OtherRules finding={finding} />
      <Links finding={finding} />
      <span class="unseen" role="status">
        Evidence opened
      </span>
    </>
  )
}

/** On a narrow page the panel is below the table: opening a finding scrolls to it. */
function useRevealed() {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.scrollIntoView?.({ block: 'nearest' }), [])
  return heading
}

/** The relation to the origin of the incident. */
function Cause({ finding }: { finding: Finding }) {
  const { alerts, server, view } = useTab()
  const followed = alerts.followed(finding)
  if (followed === null) return null
  const { run, id, symptom, tensor } = followed
  return (
    <p class="muted">
      Follows from{' '}
      <button class="text-link" type="button" onClick={() => view.change({ opened: { run, id } })}>
        {lowerFirst(titleOf(server)(symptom))} of <bdi class="mono">{tensor}</bdi>
      </button>
      .
    </p>
  )
}

function Facts({ finding }: { finding: Finding }) {
  const { alerts } = useTab()
  const { threshold, unit } = finding
  const newest = alerts.runOf.value.get(finding.run)?.last_step ?? null
  const facts: [string, string][] = [
    ['run', finding.run],
    ['of', finding.kind],
    ['opened', formatStep(finding.opened_step)],
    ['worst at', formatStep(finding.peak_step)],
    ['state', stateText(finding, newest)],
    ...(finding.state === 'open'
      ? []
      : [['last seen', formatStep(finding.last_step)] as [string, string]]),
    ['value', formatMeasured(finding.value, unit)],
    ...(threshold === null ? [] : [['limit', formatMeasured(threshold, unit)] as [string, string]]),
  ]
  return (
    <dl class="finding-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Advice({ symptom }: { symptom: Symptom }) {
  return (
    <>
      <h3 class="caption">What it means</h3>
      <p>{symptom.meaning}</p>
      {symptom.causes.length > 0 && (
        <>
          <h3 class="caption">Likely causes</h3>
          <ul>
            {symptom.causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ul>
        </>
      )}
      {symptom.advice.length > 0 && (
        <>
          <h3 class="caption">What to try</h3>
          <ol>
            {symptom.advice.map((advice) => (
              <li key={advice}>{advice}</li>
            ))}
          </ol>
        </>
      )}
      <details class="rule">
        <summary class="caption">Rule and formula</summary>
        <p class="mono">{symptom.formula || symptom.measure}</p>
        {(symptom.source ?? '').split('\n\n').map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </details>
    </>
  )
}
