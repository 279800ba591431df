/** Clocks for components. */

import { useEffect, useState } from 'preact/hooks'
import { useTab } from './context'

/** Milliseconds since the epoch by the browser's clock, updated every second. */
export function useClock(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Milliseconds since the epoch by the server's clock. */
export function useServerClock(): number {
  const { server } = useTab()
  return useClock() + server.clockLead.value
}
