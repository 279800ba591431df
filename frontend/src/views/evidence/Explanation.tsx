/** What a symptom means, what causes it, and how it is computed; folded. */

import type { Symptom } from '../../contract'
import { unbroken } from '../../lib/unbroken'
import { Folded } from './Folded'
import { Mentions } from './Mentions'

export function Explanation({ symptom, run }: { symptom: Symptom; run: string }) {
  const { id, meaning, causes } = symptom
  return (
    <Folded title="What it means, and likely causes" remember="causes">
      <p>{unbroken(meaning)}</p>
      {causes.length > 0 && (
        <ul>
          {causes.map((cause) => (
            <li key={cause}>
              <Mentions text={cause} run={run} besides={id} />
            </li>
          ))}
        </ul>
      )}
    </Folded>
  )
}

export function Formula({ symptom: { formula, measure, source } }: { symptom: Symptom }) {
  return (
    <Folded title="Rule and formula">
      <p class="mono">{formula || measure}</p>
      {(source ?? '').split('\n\n').map((paragraph) => (
        <p key={paragraph}>{unbroken(paragraph)}</p>
      ))}
    </Folded>
  )
}
