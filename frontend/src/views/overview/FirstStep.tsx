/** What to try first against the named finding, and the way to its evidence. */

import { adviceFor } from '../../lib/finding-text'
import { unbroken } from '../../lib/unbroken'
import { useTab } from '../context'

export function FirstStep() {
  const { alerts, server, view } = useTab()
  const finding = alerts.named(alerts.verdict.value.run)
  if (finding === null) return null
  const [advice] = adviceFor(finding, server.symptoms.value.get(finding.symptom))
  return (
    <p class="first-step">
      {advice !== undefined && (
        <span>
          <strong>Try first:</strong> {unbroken(advice)}
        </span>
      )}
      <button
        class="button primary"
        type="button"
        onClick={() => view.change({ opened: { run: finding.run, id: finding.id } })}
      >
        See the evidence
      </button>
    </p>
  )
}
