/** One line: how fresh this is, or that the server went away. */

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
      {/* Only trouble is announced: a clock that speaks each second would be one. */}
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
