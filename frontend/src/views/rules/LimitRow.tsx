/** One limit: name, meaning, a slider around the default, and a number field. */

import type { Limit } from '../../contract'
import { scaleOf } from '../../lib/limit-scale'
import { formatLimit, plainMeaning, words } from '../../lib/limit-text'
import { LimitField } from './LimitField'

interface LimitRowProps {
  id: string
  limit: Limit
  value: number
  disabled: boolean
  onChange: (value: number) => void
}

export function LimitRow({ id, limit, value, disabled, onChange }: LimitRowProps) {
  const scale = scaleOf(limit)
  const changed = value !== limit.value
  const [name, meaning] = [`${id}-name`, `${id}-meaning`]
  const position = (number: number) => scale.notchOf(number) / scale.last
  return (
    <div class={changed ? 'limit changed' : 'limit'}>
      <div class="limit-words">
        <span class="limit-title">
          <span class="limit-name" id={name}>
            {words(limit.name)}
          </span>
          {changed ? (
            <button
              class="button"
              type="button"
              aria-label={`Reset to ${formatLimit(limit.value)}: ${words(limit.name)}`}
              onClick={() => onChange(limit.value)}
            >
              Reset to {formatLimit(limit.value)}
            </button>
          ) : (
            limit.value !== limit.default && (
              <span class="muted">default {formatLimit(limit.default)}</span>
            )
          )}
        </span>
        <span class="muted" id={meaning}>
          {plainMeaning(limit.meaning)}
        </span>
      </div>
      <div
        class="scale"
        style={{ '--at': position(value), '--default': position(limit.default) }}
        title={`default ${formatLimit(limit.default)}`}
      >
        <input
          type="range"
          min={0}
          max={scale.last}
          value={scale.notchOf(value)}
          disabled={disabled}
          aria-labelledby={name}
          aria-describedby={meaning}
          aria-valuetext={formatLimit(value)}
          onInput={(event) => onChange(scale.valueAt(event.currentTarget.valueAsNumber))}
        />
      </div>
      <LimitField
        {...{ limit, value, disabled, onChange }}
        scale={scale}
        labelledBy={name}
        describedBy={meaning}
      />
    </div>
  )
}
