/** When to ask the server: on TensorBoard's reload at once, and by itself gently while the tab is seen. */

import type { Host } from '../host'
import type { ServerState } from './server'

export const REFRESH_MS = 5000
/** While the server still reads a large log directory. */
export const LOADING_REFRESH_MS = 1000

export function refreshPeriodically(host: Host, server: ServerState): () => void {
  let timer: ReturnType<typeof setTimeout>
  let stopped = false

  // A chain, not an interval: the pause begins when the server has answered.
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
