import type { Finding } from '../../contract'
import { lowerFirst } from '../../lib/verdict'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'

/** The relation to the origin of the incident. */
export function Cause({ finding }: { finding: Finding }) {
  const { alerts, server, view } = useTab()
  const followed = alerts.followed(finding)
  if (followed === null) return null
  const { run, id, symptom, tensor } = followed
  return (
    <p class="muted">
      Follows from{' '}
      <button class="text-link" type="button" onClick={() => view.change({ opened: { run, id } })}>
        {lowerFirst(titleOf(server)(symptom))} of <bdi class="mono">{tensor}</bdi>
      </button>
      .
    </p>
  )
}
