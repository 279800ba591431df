/** The view Rules: all limits, and the findings of other limits in the existing runs. */

import { useTab } from '../context'
import { Mutes } from './Mutes'
import { SymptomSection } from './SymptomSection'
import { Trial } from './Trial'

export function Rules() {
  const { rules } = useTab()
  const inForce = rules.inForce.value
  if (inForce === null) {
    return (
      <>
        <h1>Rules</h1>
        <p class="notice" role="status">
          {rules.failure.value ?? 'Reading the rules…'}
        </p>
      </>
    )
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
    <section class="rules" aria-label="Rules" tabIndex={0} data-home>
      <Trial inForce={inForce} />
      <div class="rules-list">
        <Mutes inForce={inForce} />
        {inForce.symptoms.map((symptom) => (
          <SymptomSection key={symptom.id} symptom={symptom} inForce={inForce.rules} />
        ))}
      </div>
    </section>
  )
}
