/** The user's choices, synchronized with the address bar. */

import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Host, isForTab } from '../host'
import { formatHash, parseHash, TAB, tabOf } from '../lib/url-state'
import { DEFAULT_VIEW, type ViewState } from '../lib/view-state'

export interface View {
  readonly current: ReadonlySignal<ViewState>
  readonly change: (fields: Partial<ViewState>) => void
  readonly clearFilters: () => void
  /** The address of this view with other choices, to be shared. */
  readonly addressOf: (fields: Partial<ViewState>) => string
  /** Whether the list of runs is unfolded on a narrow page, where it hides the verdict. */
  readonly runsUnfolded: Signal<boolean>
}

export function createView(host: Host): View {
  const current = signal<ViewState>(parseHash(host.readHash()))
  let elsewhere = false

  host.onHashChange(() => {
    const hash = host.readHash()
    if (isForTab(hash, elsewhere, TAB)) {
      const read = parseHash(hash)
      if (JSON.stringify(read) !== JSON.stringify(current.peek())) current.value = read
    }
    const returned = elsewhere && isOwnTab(hash)
    elsewhere = !isOwnTab(hash)
    if (returned) write(current.peek())
  })

  let last = current.peek()
  effect(() => {
    const next = current.value
    write(next, isNewPage(last, next))
    last = next
  })

  // Does not write to another tab's address.
  function write(view: ViewState, asNewPage = false): void {
    const hash = host.readHash()
    if (!isOwnTab(hash)) return
    const next = formatHash(hash, view)
    if (next === hash || (hash === '' && next === `#${TAB}`)) return
    if (asNewPage) host.pushHash(next)
    else host.writeHash(next)
  }

  const change = (fields: Partial<ViewState>) => {
    current.value = { ...current.peek(), ...fields }
  }
  const clearFilters = () => {
    const { runFilter, layerFilter, severities, states, symptoms, kinds, text, run } = DEFAULT_VIEW
    change({ runFilter, layerFilter, severities, states, symptoms, kinds, text, run })
  }
  const addressOf = (fields: Partial<ViewState>) =>
    host.address(formatHash(host.readHash(), { ...current.peek(), ...fields }))
  return { current, addressOf, change, clearFilters, runsUnfolded: signal(false) }
}

function isOwnTab(hash: string): boolean {
  return ['', TAB].includes(tabOf(hash))
}

/** Whether a change is a step for the back button: another view, opened evidence, a chosen run. */
function isNewPage(last: ViewState, next: ViewState): boolean {
  if (last.view !== next.view || last.run !== next.run) return true
  return last.opened === null && next.opened !== null
}
