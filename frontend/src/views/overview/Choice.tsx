/** A multiple-choice filter behind a button: checkboxes with the count of each value. */

import { useEffect, useRef } from 'preact/hooks'
import { toggled } from '../../lib/filter'
import { formatStep } from '../../lib/numbers'

interface ChoiceProps {
  name: string
  /** Null while unknown. */
  counts: Readonly<Record<string, number>> | null
  chosen: readonly string[]
  title: (value: string) => string
  onChange: (chosen: string[]) => void
}

export function Choice({ name, counts, chosen, title, onChange }: ChoiceProps) {
  const menu = useDismiss()
  const values = [...new Set([...Object.keys(counts ?? {}), ...chosen])].sort((a, b) =>
    title(a).localeCompare(title(b)),
  )
  return (
    <details class="choice" ref={menu}>
      <summary class="button" data-chosen={chosen.length > 0}>
        {name}
        {chosen.length > 0 && ` · ${chosen.length === 1 ? title(chosen[0] ?? '') : chosen.length}`}{' '}
        <span aria-hidden="true">▾</span>
      </summary>
      <fieldset class="choices">
        <legend class="unseen">{name}</legend>
        {values.length === 0 && (
          <p class="muted">{counts ? 'Nothing to choose from.' : 'Reading…'}</p>
        )}
        {values.map((value) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={() => onChange(toggled(chosen, value))}
            />
            <span>{title(value)}</span>
            <span class="muted">{counts ? formatStep(counts[value] ?? 0) : '…'}</span>
          </label>
        ))}
      </fieldset>
    </details>
  )
}

/** Closes a menu on Escape and on a press outside it. */
export function useDismiss() {
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = menu
      if (!current?.open) return
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return
        // Does not also close the evidence.
        event.stopImmediatePropagation()
        current.querySelector('summary')?.focus()
      } else if (event.target instanceof Node && current.contains(event.target)) return
      current.open = false
    }
    document.addEventListener('keydown', close, true)
    document.addEventListener('pointerdown', close)
    return () => {
      document.removeEventListener('keydown', close, true)
      document.removeEventListener('pointerdown', close)
    }
  }, [])
  return menu
}
