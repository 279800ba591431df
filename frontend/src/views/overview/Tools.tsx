/** The filter chips of the table, and the export of its rows. */

import { useState } from 'preact/hooks'
import { FINDING_STATES, SEVERITIES } from '../../contract'
import { toCsv, toJson, toMarkdown } from '../../lib/export'
import { toggled } from '../../lib/filter'
import { flatRows, groupFindings } from '../../lib/incidents'
import { formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { CopyButton } from '../CopyButton'
import { useTab } from '../context'
import { download } from '../download'
import { Choice } from './Choice'
import { ColumnChoice } from './ColumnChoice'
import type { Column } from './columns'

export function Tools({ columns }: { columns: readonly Column[] }) {
  const { alerts, view, server } = useTab()
  const { severities, states, symptoms, kinds, muted, flat } = view.current.value
  const counts = alerts.counts.value
  const mutedCount = counts?.muted ?? 0
  return (
    <div class="tools">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings */}
      <div role="group" aria-label="Severity" class="tools">
        {SEVERITIES.map((severity) => (
          <Toggle
            key={severity}
            text={severity}
            count={counts && (counts.severity[severity] ?? 0)}
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
            count={counts && (counts.state[state] ?? 0)}
            pressed={states.includes(state)}
            onClick={() => view.change({ states: toggled(states, state) })}
          />
        ))}
      </div>
      <Choice
        name="Symptom"
        counts={counts?.symptom ?? null}
        chosen={symptoms}
        title={titleOf(server)}
        onChange={(next) => view.change({ symptoms: next })}
      />
      <Choice
        name="Kind"
        counts={counts?.kind ?? null}
        chosen={kinds}
        title={(kind) => kind}
        onChange={(next) => view.change({ kinds: next })}
      />
      {(mutedCount > 0 || muted) && (
        <Toggle
          text="muted"
          count={mutedCount}
          pressed={muted}
          onClick={() => view.change({ muted: !muted })}
        />
      )}
      <button
        class="button"
        type="button"
        aria-pressed={!flat}
        title="One row an incident, with its likely origin; or one row a finding"
        onClick={() => view.change({ flat: !flat })}
      >
        Incidents
      </button>
      <ColumnChoice shown={columns} />
      <Export />
    </div>
  )
}

interface ToggleProps {
  text: string
  /** Null while unknown. */
  count: number | null
  pressed: boolean
  onClick: () => void
}

function Toggle({ text, count, pressed, onClick }: ToggleProps) {
  return (
    <button class="button toggle" type="button" aria-pressed={pressed} onClick={onClick}>
      {text} {count === null ? '…' : formatStep(count)}
    </button>
  )
}

function Export() {
  const { alerts, server, view } = useTab()
  const [message, setMessage] = useState('')
  const entries = alerts.passing.value
  const none = entries.length === 0 || server.page.value !== null
  // Includes folded rows, in the table's order.
  const sorted = () => {
    const { sort, flat } = view.current.peek()
    const rows = flat ? flatRows(entries, sort) : groupFindings(entries, sort, () => true)
    return rows.map(({ finding }) => finding)
  }
  const save = (name: string, type: string, text: string) => {
    download(name, type, text)
    setMessage(`${name} downloaded`)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="group" aria-label="Export" class="tools export">
      <CopyButton
        label="Copy as Markdown"
        disabled={none}
        text={() => toMarkdown(sorted(), titleOf(server))}
      />
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download CSV"
        onClick={() => save('gradhealth-findings.csv', 'text/csv', toCsv(sorted()))}
      >
        CSV
      </button>
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download JSON"
        onClick={() => save('gradhealth-findings.json', 'application/json', toJson(sorted()))}
      >
        JSON
      </button>
      <span class="unseen" role="status">
        {message}
      </span>
    </div>
  )
}
