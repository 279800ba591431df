/** The mutes: known and accepted findings, each with a reason. */

import type { Mute, RulesAnswer } from '../../contract'
import { keyOf } from '../../lib/finding-entries'
import { mutesOf, withMutes } from '../../lib/rule-document'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { MuteForm } from './MuteForm'

export function Mutes({ inForce }: { inForce: RulesAnswer }) {
  const { rules, evidence } = useTab()
  const document = rules.document.value
  const mutes = mutesOf(document)
  const inForceMutes = new Set(mutesOf(inForce.rules).map((mute) => JSON.stringify(mute)))
  const opened = evidence.finding.value
  const attempt = (next: readonly Mute[]) => rules.attempt(withMutes(document, next))
  return (
    <section class="ruled" aria-labelledby="rules-mutes">
      <div class="ruled-head">
        <h2 id="rules-mutes">Mutes</h2>
        <p class="ruled-about">
          Findings that are known and accepted: shown as muted, with the reason, and not counted.
        </p>
      </div>
      <div class="limits">
        {mutes.length === 0 && <p class="muted no-mutes">Nothing is muted.</p>}
        <ul class="mutes">
          {mutes.map((mute, i) => (
            <li
              key={JSON.stringify(mute)}
              class={inForceMutes.has(JSON.stringify(mute)) ? 'mute' : 'mute changed'}
            >
              <MuteText mute={mute} />
              <button
                class="button"
                type="button"
                aria-label={`Remove the mute: ${mute.reason}`}
                onClick={() => attempt(mutes.filter((_, other) => other !== i))}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
        <MuteForm
          key={opened ? keyOf(opened) : ''}
          symptoms={inForce.symptoms}
          opened={opened}
          onMute={(mute) => attempt([...mutes, mute])}
        />
      </div>
    </section>
  )
}

function MuteText({ mute: { reason, symptom = '*', tensor = '*', until } }: { mute: Mute }) {
  const { server } = useTab()
  const over = until ? until < new Date().toISOString().slice(0, 10) : false
  return (
    <div class="limit-words">
      <span>{reason}</span>
      <span class="muted">
        {symptom === '*' ? 'All symptoms' : titleOf(server)(symptom)} of{' '}
        {tensor === '*' ? 'all tensors' : <code>{tensor}</code>}
        {until && (over ? `, over since ${until}` : `, until ${until}`)}
      </span>
    </div>
  )
}
