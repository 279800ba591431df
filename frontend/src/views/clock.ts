/** Time that passes on the screen. */

import { useEffect, useState } from 'preact/hooks'
import { useTab } from './context'

/** Milliseconds since the epoch by the reader's clock, a second at a time. */
export function useClock(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** The same by the server's clock, which stamped the records. */
export function useServerClock(): number {
  const { server } = useTab()
  return useClock() + server.clockLead.value
}
