/** A number field: a valid value applies while typing; an invalid one shows the reason. */

import { useState } from 'preact/hooks'
import type { Limit } from '../../contract'
import type { Scale } from '../../lib/limit-scale'
import { formatLimit, parseLimit } from '../../lib/limit-text'

interface LimitFieldProps {
  limit: Limit
  value: number
  scale: Scale
  disabled: boolean
  labelledBy: string
  describedBy: string
  onChange: (value: number) => void
}

export function LimitField(props: LimitFieldProps) {
  const { limit, value, scale, disabled, labelledBy, describedBy, onChange } = props
  /** The typed text, while the value is unchanged from outside. */
  const [typed, setTyped] = useState<{ text: string; value: number } | null>(null)
  const text = typed?.value === value ? typed.text : null
  const parsed = text === null ? { value } : parseLimit(text, limit)
  const problem = 'problem' in parsed ? parsed.problem : null
  const type = (text: string) => {
    const next = parseLimit(text, limit)
    setTyped({ text, value: 'value' in next ? next.value : value })
    if ('value' in next) onChange(next.value)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const notches = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (notches === undefined) return
    event.preventDefault()
    const notch = Math.min(Math.max(scale.notchOf(value) + notches, 0), scale.last)
    onChange(scale.valueAt(notch))
  }
  return (
    <div class="limit-field">
      <input
        class="field"
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={text ?? formatLimit(value)}
        disabled={disabled}
        aria-labelledby={labelledBy}
        aria-describedby={problem === null ? describedBy : `${labelledBy}-problem`}
        aria-invalid={problem !== null}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => problem === null && setTyped(null)}
      />
      {problem !== null && (
        <span class="problem" id={`${labelledBy}-problem`} role="alert">
          {problem}
        </span>
      )}
    </div>
  )
}
