/** Chips that narrow the table, and ways to take its rows along. */

import { useState } from 'preact/hooks'
import { FINDING_STATES, SEVERITIES } from '../../contract'
import { toCsv, toJson, toMarkdown } from '../../lib/export'
import { toggled } from '../../lib/filter'
import { formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { CopyButton, download } from '../takeaway'

export function Tools() {
  const { alerts, view } = useTab()
  const { severities, states } = view.current.value
  const severityCounts = alerts.severityCounts.value
  const stateCounts = alerts.stateCounts.value
  return (
    <div class="tools">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings */}
      <div role="group" aria-label="Severity" class="tools">
        {SEVERITIES.map((severity) => (
          <Toggle
            key={severity}
            text={severity}
            count={severityCounts[severity] ?? 0}
            pressed={severities.includes(severity)}
            onClick={() => view.change({ severities: toggled(severities, severity) })}
          />
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="group" aria-label="State" class="tools">
        {FINDING_STATES.map((state) => (
          <Toggle
            key={state}
            text={state}
            count={stateCounts[state] ?? 0}
            pressed={states.includes(state)}
            onClick={() => view.change({ states: toggled(states, state) })}
          />
        ))}
      </div>
      <span class="gap" />
      <Takeaway />
    </div>
  )
}

interface ToggleProps {
  text: string
  count: number
  pressed: boolean
  onClick: () => void
}

function Toggle({ text, count, pressed, onClick }: ToggleProps) {
  return (
    <button class="button toggle" type="button" aria-pressed={pressed} onClick={onClick}>
      {text} {formatStep(count)}
    </button>
  )
}

function Takeaway() {
  const { alerts, server } = useTab()
  const [said, say] = useState('')
  const rows = alerts.rows.value
  const none = rows.length === 0
  const save = (name: string, type: string, text: string) => {
    download(name, type, text)
    say(`${name} downloaded`)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="group" aria-label="Export" class="tools">
      <CopyButton
        label="Copy as Markdown"
        disabled={none}
        text={() => toMarkdown(rows, titleOf(server))}
      />
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download CSV"
        onClick={() => save('gradhealth-findings.csv', 'text/csv', toCsv(rows))}
      >
        CSV
      </button>
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download JSON"
        onClick={() => save('gradhealth-findings.json', 'application/json', toJson(rows))}
      >
        JSON
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  )
}
