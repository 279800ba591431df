/** One line: how fresh this is, or that the server went away. */

import { useEffect, useState } from 'preact/hooks'
import { count, formatAgo } from '../lib/numbers'
import { useTab } from './context'

export function Status() {
  const { server } = useTab()
  const now = useClock()
  const failure = server.failure.value
  const updated = server.updated.value
  const ago = updated === null ? null : formatAgo(now - updated)
  const runs = server.answer.value?.runs.length ?? 0
  return (
    <div class={failure ? 'status stale' : 'status'} data-testid="status">
      {/* Only trouble is announced: a clock that speaks each second would be one. */}
      <span role="status">{failure && `${failure} Trying again.`}</span>
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

function useClock(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}
