/** What to try against a symptom, the most promising first. */

import type { Symptom } from '../../contract'
import { Mentions } from './Mentions'

export function Advice({ symptom: { id, advice }, run }: { symptom: Symptom; run: string }) {
  if (advice.length === 0) return null
  return (
    <section class="advice" aria-label="What to try">
      <h3 class="caption">What to try</h3>
      <ol>
        {advice.map((text) => (
          <li key={text}>
            <Mentions text={text} run={run} besides={id} />
          </li>
        ))}
      </ol>
    </section>
  )
}
