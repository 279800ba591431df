/** When to ask the server: on TensorBoard's reload at once, and by itself gently while the tab is seen. */

import type { Host } from '../host'
import type { ServerState } from './server'

export const GENTLY_MS = 5000
/** While the server still reads a large log directory. */
export const SOON_MS = 1000

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
      server.answer.peek()?.loading?.done === false ? SOON_MS : GENTLY_MS,
    )
  }

  host.onReturn(() => void server.refresh())
  host.onReload(() => void server.refresh({ thoroughly: true }))
  void server.refresh().then(next)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
