/** The filter chips of the table, and the export of its rows. */

import { FINDING_STATES, SEVERITIES } from '../../contract'
import { toggled } from '../../lib/filter'
import { formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Choice } from './Choice'
import { ColumnChoice } from './ColumnChoice'
import type { Column } from './columns'
import { Export } from './Export'

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
