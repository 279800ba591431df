/** The presets of the package. The mutes stay: they belong to the runs, not to the rules. */

import type { Preset, RulesAnswer } from '../../contract'
import { mutesOf, sameRules, withMutes } from '../../lib/rule-document'
import { useTab } from '../context'
import { useDismiss } from '../overview/Choice'

export function Presets({ inForce }: { inForce: RulesAnswer }) {
  const { rules } = useTab()
  const menu = useDismiss()
  const document = rules.document.value
  const documentOf = (preset: Preset) => withMutes(preset.rules, mutesOf(document))
  const choose = (preset: Preset) => {
    rules.attempt(documentOf(preset))
    if (!menu.current) return
    menu.current.open = false
    menu.current.querySelector('summary')?.focus()
  }
  return (
    <details class="choice" ref={menu}>
      <summary class="button">
        Presets <span aria-hidden="true">▾</span>
      </summary>
      <div class="choices presets">
        {inForce.presets.map((preset) => (
          <button
            key={preset.name}
            type="button"
            aria-pressed={sameRules(documentOf(preset), document)}
            onClick={() => choose(preset)}
          >
            <strong>{preset.name}</strong>
            <span class="muted">{plain(preset.summary)}</span>
          </button>
        ))}
      </div>
    </details>
  )
}

function plain(summary: string): string {
  return summary.replaceAll('`', '')
}
