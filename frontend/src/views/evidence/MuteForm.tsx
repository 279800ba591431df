/** Acknowledging or muting a finding: a rule file to download, or a link; the server writes nothing. */

import { useState } from 'preact/hooks'
import type { Finding, Mute } from '../../contract'
import { literalPattern } from '../../lib/mute-pattern'
import type { MutedRules } from '../../state/rules'
import { explain } from '../../state/server'
import { CopyButton } from '../CopyButton'
import { useTab } from '../context'
import { download } from '../download'
import { RULE_FILE } from '../rules/rule-file'

const DAYS = 14

export function MuteForm({ finding }: { finding: Finding }) {
  const { rules, view } = useTab()
  const [reason, setReason] = useState('')
  const [forGood, setForGood] = useState(false)
  const [until, setUntil] = useState(inDays(DAYS))
  const [made, setMade] = useState<MutedRules | null>(null)
  const [problem, setProblem] = useState('')
  const edited = () => {
    setMade(null)
    setProblem('')
  }
  const make = async (event: Event) => {
    event.preventDefault()
    if (reason.trim() === '') {
      setProblem('Write a reason, for whoever reads the report.')
      return
    }
    const mute: Mute = {
      reason: reason.trim(),
      symptom: finding.symptom,
      tensor: literalPattern(finding.tensor),
      ...(forGood ? {} : { until }),
    }
    try {
      setMade(await rules.withMute(finding.run, mute))
      setProblem('')
    } catch (error) {
      setProblem(explain(error))
    }
  }
  return (
    <form class="mute-panel" noValidate onSubmit={make}>
      <div class="mute-times">
        <label>
          <input
            type="radio"
            name="mute-time"
            checked={!forGood}
            onChange={() => {
              setForGood(false)
              edited()
            }}
          />{' '}
          Acknowledge until
        </label>
        <input
          class="field"
          type="date"
          aria-label="Until"
          value={until}
          disabled={forGood}
          onInput={({ currentTarget }) => {
            setUntil(currentTarget.value)
            edited()
          }}
        />
        <label>
          <input
            type="radio"
            name="mute-time"
            checked={forGood}
            onChange={() => {
              setForGood(true)
              edited()
            }}
          />{' '}
          Mute for good
        </label>
      </div>
      <label>
        Reason
        <input
          class="field"
          autocomplete="off"
          required
          value={reason}
          aria-invalid={problem !== ''}
          {...(problem === '' ? {} : { 'aria-describedby': 'mute-panel-problem' })}
          onInput={({ currentTarget }) => {
            setReason(currentTarget.value)
            edited()
          }}
        />
      </label>
      {problem !== '' && (
        <p class="problem" id="mute-panel-problem" role="alert">
          {problem}
        </p>
      )}
      {made === null ? (
        <button class="button primary" type="submit">
          Make the rule
        </button>
      ) : (
        <Made made={made} onTry={() => view.change({ view: 'rules', draft: made.draft })} />
      )}
    </form>
  )
}

function Made({ made, onTry }: { made: MutedRules; onTry: () => void }) {
  const { view } = useTab()
  const link = () => view.addressOf({ view: 'rules', draft: made.draft, opened: null })
  return (
    <div role="status">
      <p>
        The rule is ready; nothing was written on the server. Start TensorBoard with{' '}
        <code>--gradhealth_rules={RULE_FILE}</code>, or give the file to{' '}
        <code>gradhealth check --rules</code>.
      </p>
      <div class="tools">
        <button
          class="button primary"
          type="button"
          onClick={() => download(RULE_FILE, 'application/toml', made.toml)}
        >
          Download rule file
        </button>
        <CopyButton label="Copy link" text={link} />
        <button class="button" type="button" onClick={onTry}>
          Show in Rules
        </button>
      </div>
    </div>
  )
}

/** A day from now as YYYY-MM-DD, by the reader's calendar. */
function inDays(days: number): string {
  const day = new Date()
  day.setDate(day.getDate() + days)
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((n) => String(n).padStart(2, '0'))
  return `${day.getFullYear()}-${month}-${date}`
}
