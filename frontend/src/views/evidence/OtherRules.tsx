/** The states of the other symptoms for the same tensor, with the reasons of those not judged. */

import type { Finding } from '../../contract'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Folded } from './Folded'

export function OtherRules({ finding }: { finding: Finding }) {
  const { evidence, server } = useTab()
  const title = titleOf(server)
  const states = (evidence.details.value?.states ?? []).filter(
    ({ symptom, kind }) => symptom !== finding.symptom || kind !== finding.kind,
  )
  const notable = states.filter(({ state }) => state !== 'ok')
  if (states.length === 0) return null
  const ok = states.length - notable.length
  return (
    <Folded title={`Other rules here: ${notable.length} of note, ${ok} ok`}>
      <ul>
        {notable.map(({ symptom, kind, state, reason }) => (
          <li key={`${symptom} ${kind}`}>
            {title(symptom)} ({kind}): {state}
            {reason && `, ${reason}`}
          </li>
        ))}
      </ul>
    </Folded>
  )
}
