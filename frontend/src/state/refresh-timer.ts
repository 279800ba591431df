/** When the server is queried: at once on TensorBoard's reload, and at intervals while the tab is visible. */

import type { Host } from '../host'
import type { ServerState } from './server'

export const REFRESH_MS = 5000
/** The interval while the server reads a large log directory. */
export const LOADING_REFRESH_MS = 1000

export function refreshPeriodically(host: Host, server: ServerState): () => void {
  let timer: ReturnType<typeof setTimeout>
  let stopped = false

  // Timeouts instead of setInterval: the pause starts after the response.
  const next = () => {
    if (stopped) return
    timer = setTimeout(
      async () => {
        if (!host.hidden()) await server.refresh()
        next()
      },
      server.answer.peek()?.loading?.done === false ? LOADING_REFRESH_MS : REFRESH_MS,
    )
  }

  host.onReturn(() => void server.refresh())
  host.onReload(() => void server.refresh({ force: true }))
  void server.refresh().then(next)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
