/** The evidence of the opened finding: what happened, what to try, the proof, and all else folded. */

import { useEffect, useRef } from 'preact/hooks'
import type { Finding, Symptom } from '../../contract'
import { unbroken } from '../../lib/unbroken'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { FromLater } from '../FromLater'
import { Advice } from './Advice'
import { Cause } from './Cause'
import { EvidenceCharts } from './EvidenceCharts'
import { Explanation, Formula } from './Explanation'
import { Facts } from './Facts'
import { Folded } from './Folded'
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
  const { server } = useTab()
  const heading = useRevealed()
  return (
    <>
      <h2 ref={heading} id="evidence-heading" tabIndex={-1}>
        <span class={`chip ${finding.severity}`}>{finding.severity}</span>{' '}
        {titleOf(server)(finding.symptom)} · <bdi class="mono">{finding.tensor}</bdi>
      </h2>
      <p class="message">{unbroken(finding.message)}</p>
      <Cause finding={finding} />
      {finding.muted && <p class="muted">Muted by the rules: {finding.muted}</p>}
      <Facts finding={finding} />
      {symptom && <Advice finding={finding} symptom={symptom} />}
      <EvidenceCharts finding={finding} symptom={symptom} />
      {symptom && <Explanation symptom={symptom} run={finding.run} />}
      {symptom && <Formula symptom={symptom} />}
      <OtherRules finding={finding} />
      {!finding.muted && (
        <Folded title="Acknowledge or mute">
          <FromLater part="MuteForm" finding={finding} />
        </Folded>
      )}
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
