/** When to ask the server: on TensorBoard's reload at once, and by itself gently while the tab is seen. */

import type { Host } from '../host'
import type { ServerState } from './server'

export const GENTLY_MS = 5000
/** While the server is still reading, what it knows changes by the moment. */
export const EAGERLY_MS = 500

export function keepFresh(host: Host, server: ServerState): () => void {
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
      server.answer.peek()?.loading?.done === false ? EAGERLY_MS : GENTLY_MS,
    )
  }

  host.onReload(() => void server.refresh({ thoroughly: true }))
  void server.refresh().then(next)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
