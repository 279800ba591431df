/** What to try against a symptom, the most promising first. */

import type { Finding, Symptom } from '../../contract'
import { adviceFor } from '../../lib/finding-text'
import { Mentions } from './Mentions'

export function Advice({ finding, symptom }: { finding: Finding; symptom: Symptom }) {
  const advice = adviceFor(finding, symptom)
  if (advice.length === 0) return null
  return (
    <section class="advice" aria-label="What to try">
      <h3 class="caption">What to try</h3>
      <ol>
        {advice.map((text) => (
          <li key={text}>
            <Mentions text={text} run={finding.run} besides={symptom.id} />
          </li>
        ))}
      </ol>
    </section>
  )
}
