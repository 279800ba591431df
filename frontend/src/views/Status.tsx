/** The status line: the age of the data, or that the server is unreachable. */

import { count, formatAgo } from '../lib/numbers'
import { loadingText } from '../lib/verdict'
import { useClock } from './clock'
import { useTab } from './context'

export function Status() {
  const { server } = useTab()
  const now = useClock()
  const failure = server.failure.value
  const updated = server.updated.value
  const ago = updated === null ? null : formatAgo(now - updated)
  const runs = server.answer.value?.runs.length ?? 0
  const reading = loadingText(server.answer.value?.loading)
  return (
    <div
      class={failure ? 'status stale' : updated === null ? 'status unheard' : 'status'}
      data-testid="status"
    >
      {/* Only failures are announced to screen readers, not each tick of the age. */}
      <span role="status">{failure && `${failure} Trying again.`}</span>
      {reading && <span class="age">{reading} ·</span>}
      {ago !== null && (
        <span class="age">
          {failure
            ? `Shown as of ${ago}`
            : `${runs > 0 ? `${count(runs, 'run')} · ` : ''}updated ${ago}`}
        </span>
      )}
    </div>
  )
}
