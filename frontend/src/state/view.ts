/** What the reader chose, kept in the address bar and following it. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Host, readsAsOurs } from '../host'
import { DEFAULT_VIEW, formatHash, parseHash, TAB, tabOf, type ViewState } from '../lib/url-state'

export interface View {
  readonly current: ReadonlySignal<ViewState>
  readonly change: (fields: Partial<ViewState>) => void
  readonly clearFilters: () => void
}

export function createView(host: Host): View {
  const current = signal<ViewState>(parseHash(host.readHash()))
  let elsewhere = false

  host.onHashChange(() => {
    const hash = host.readHash()
    if (readsAsOurs(hash, elsewhere, TAB)) {
      const read = parseHash(hash)
      if (JSON.stringify(read) !== JSON.stringify(current.peek())) current.value = read
    }
    const returned = elsewhere && isOurs(hash)
    elsewhere = !isOurs(hash)
    if (returned) write(current.peek())
  })

  effect(() => write(current.value))

  // Never into another tab's address.
  function write(view: ViewState): void {
    const hash = host.readHash()
    if (!isOurs(hash)) return
    const next = formatHash(hash, view)
    if (next !== hash && !(hash === '' && next === `#${TAB}`)) host.writeHash(next)
  }

  const change = (fields: Partial<ViewState>) => {
    current.value = { ...current.peek(), ...fields }
  }
  const clearFilters = () => {
    const { runFilter, layerFilter, severities, states, run } = DEFAULT_VIEW
    change({ runFilter, layerFilter, severities, states, run })
  }
  return { current, change, clearFilters }
}

function isOurs(hash: string): boolean {
  return ['', TAB].includes(tabOf(hash))
}
