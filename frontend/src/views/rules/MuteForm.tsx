/** The form for a new mute, prefilled from the opened finding. */

import { useRef, useState } from 'preact/hooks'
import type { Finding, Mute, SymptomRules } from '../../contract'
import { literalPattern } from '../../lib/mute-pattern'

interface MuteFormProps {
  symptoms: readonly SymptomRules[]
  opened: Finding | null
  onMute: (mute: Mute) => void
}

export function MuteForm({ symptoms, opened, onMute }: MuteFormProps) {
  const frame = useRef<HTMLDetailsElement>(null)
  const reasonField = useRef<HTMLInputElement>(null)
  const blank = {
    reason: '',
    symptom: opened?.symptom ?? '*',
    tensor: opened ? literalPattern(opened.tensor) : '*',
    until: '',
  }
  const [fields, setFields] = useState(blank)
  const [missing, setMissing] = useState(false)
  const field = (name: keyof typeof blank) => ({
    value: fields[name],
    onInput: (event: { currentTarget: { value: string } }) => {
      setFields({ ...fields, [name]: event.currentTarget.value })
      if (name === 'reason') setMissing(false)
    },
  })
  const submit = (event: Event) => {
    event.preventDefault()
    const reason = fields.reason.trim()
    setMissing(reason === '')
    if (reason === '') {
      reasonField.current?.focus()
      return
    }
    const { until } = fields
    const tensor = fields.tensor.trim() || '*'
    onMute({ reason, symptom: fields.symptom, tensor, ...(until && { until }) })
    setFields(blank)
    if (!frame.current) return
    frame.current.open = false
    frame.current.querySelector('summary')?.focus()
  }
  return (
    <details class="add-mute" ref={frame}>
      <summary class="button">Add a mute</summary>
      <form class="mute-form" noValidate onSubmit={submit}>
        <label>
          Symptom
          <select class="select" {...field('symptom')}>
            <option value="*">All symptoms</option>
            {symptoms.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Tensors (a pattern with * and ?)
          <input class="field mono" autocomplete="off" spellcheck={false} {...field('tensor')} />
        </label>
        <label>
          Until (optional)
          <input class="field" type="date" {...field('until')} />
        </label>
        <label class="mute-reason">
          Reason, for whoever reads the report
          <input
            class="field"
            ref={reasonField}
            required
            autocomplete="off"
            aria-invalid={missing}
            {...(missing ? { 'aria-describedby': 'mute-problem' } : {})}
            {...field('reason')}
          />
        </label>
        <button class="button" type="submit">
          Mute
        </button>
        {missing && (
          <span class="problem" id="mute-problem" role="alert">
            Say why: a mute without a reason is a finding that somebody looks for in vain.
          </span>
        )}
      </form>
    </details>
  )
}
