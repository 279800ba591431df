/**
 * The connection to TensorBoard. The tab runs in a same-origin frame; TensorBoard's guest library is not
 * published, so this module implements what the tab needs. A page opened by itself is its own host.
 */

import { type Signal, signal } from '@preact/signals'
import { type DeepLink, relativeUrl } from './lib/deep-link'
import { hasOwnParts, tabOf } from './lib/url-state'

export interface Host {
  readonly dark: Signal<boolean>
  /** TensorBoard keeps a hidden tab's frame at height zero and sends it no event. */
  readonly hidden: () => boolean
  readonly readHash: () => string
  readonly writeHash: (hash: string) => void
  /** Like writeHash, with a new entry in the browser's history. */
  readonly pushHash: (hash: string) => void
  readonly onHashChange: (listener: () => void) => void
  /** Called for the Reload button, automatic reload, and when the tab becomes visible. */
  readonly onReload: (listener: () => void) => void
  /** Called when the browser tab becomes visible or the network returns. */
  readonly onReturn: (listener: () => void) => void
  /** Called for keys in the tab, and for those in TensorBoard's page while the tab is shown. */
  readonly onKeyDown: (listener: (event: KeyboardEvent) => void) => void
  readonly href: (link: DeepLink) => string
  /** The address of TensorBoard's page with another hash. */
  readonly address: (hash: string) => string
  readonly open: (link: DeepLink) => void
}

export function connectHost(frame: Window = window): Host {
  const page = frame.parent
  return {
    dark: watchDarkMode(frame, page),
    hidden: () => frame.innerHeight === 0 || page.document.hidden,
    readHash: () => page.location.hash,
    // Replaces the entry, so that the back button goes through tabs, not through key strokes.
    writeHash: (hash) => page.history.replaceState(page.history.state, '', hash),
    pushHash: (hash) => page.history.pushState(page.history.state, '', hash),
    onHashChange: (listener) => {
      page.addEventListener('hashchange', listener)
      page.addEventListener('popstate', listener)
    },
    onReload: (listener) => {
      listenForReload(frame, page, listener)
      listenForReturn(frame, listener)
    },
    onReturn: (listener) => {
      page.document.addEventListener('visibilitychange', () => {
        if (!page.document.hidden) listener()
      })
      frame.addEventListener('online', listener)
    },
    onKeyDown: (listener) => {
      frame.document.addEventListener('keydown', listener)
      if (page === frame) return
      // After the click on the tab's name, or on arrival, the focus is still in TensorBoard's page.
      page.document.addEventListener('keydown', (event) => {
        if (frame.innerHeight > 0) listener(event)
      })
    },
    href: (link) => new URL(relativeUrl(link), tensorboardRoot(frame)).href,
    address: (hash) => page.location.href.replace(/#.*$/, '') + hash,
    open: (link) => openTab(page, link),
  }
}

/** TensorBoard sets `body.dark-mode`; the frame's prefers-color-scheme follows the system instead. */
function watchDarkMode(frame: Window, page: Window): Signal<boolean> {
  const system = frame.matchMedia('(prefers-color-scheme: dark)')
  const read = () =>
    page === frame ? system.matches : page.document.body.classList.contains('dark-mode')
  const dark = signal(read())
  const update = () => {
    dark.value = read()
  }
  if (page === frame) system.addEventListener('change', update)
  else new MutationObserver(update).observe(page.document.body, { attributeFilter: ['class'] })
  return dark
}

/** The required part of TensorBoard's plugin protocol: a message port, and a reply to every call. */
function listenForReload(frame: Window, page: Window, listener: () => void): void {
  if (page === frame) return
  const { port1: port, port2 } = new MessageChannel()
  port.addEventListener('message', (event) => {
    const { type, id, isReply } = JSON.parse(event.data)
    if (isReply) return
    port.postMessage(JSON.stringify({ type, id, payload: null, error: null, isReply: true }))
    if (type === 'experimental.DataReloaded') listener()
  })
  port.start()
  page.postMessage('experimental.bootstrap', '*', [port2])
}

function listenForReturn(frame: Window, listener: () => void): void {
  let wasHidden = frame.innerHeight === 0
  frame.addEventListener('resize', () => {
    const isHidden = frame.innerHeight === 0
    if (wasHidden && !isHidden) listener()
    wasHidden = isHidden
  })
}

/** The document's base is `<root>/data/plugin/gradhealth/`, with any prefix or experiment in the root. */
function tensorboardRoot(frame: Window): string {
  return new URL('../../../', frame.document.baseURI).href
}

/** Opens a tab without a reload: each kind of tab listens to another part of the address. */
function openTab(page: Window, link: DeepLink): void {
  const own = page.location.hash.split('&').filter((part) => part.startsWith('p.'))
  if (link.tab !== 'timeseries') {
    page.location.hash = [relativeUrl(link), ...own].join('&')
    return
  }
  const query = new URLSearchParams(page.location.search)
  query.set('tagFilter', link.tagFilter)
  if (link.runFilter) query.set('runFilter', link.runFilter)
  else query.delete('runFilter')
  page.history.pushState(null, '', `?${query}#${['timeseries', ...own].join('&')}`)
  const { PopStateEvent } = page as Window & typeof globalThis
  page.dispatchEvent(new PopStateEvent('popstate'))
}

/** Whether a hash sets this tab's view. TensorBoard may drop the tab's parts on return from another tab. */
export function isForTab(hash: string, cameFromOtherTab: boolean, tab: string): boolean {
  const shown = tabOf(hash)
  return (shown === '' || shown === tab) && (hasOwnParts(hash) || !cameFromOtherTab)
}
