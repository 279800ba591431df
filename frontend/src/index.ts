/** The entry point: TensorBoard's page imports this module and calls render(). */

import { h, render as mount } from 'preact'
import { api } from './api'
import { connectHost } from './host'
import { createTab } from './state'
import { refreshPeriodically } from './state/refresh-timer'
import { adoptStyles } from './theme/style-sheets'
import { App } from './views/App'
import { TabContext } from './views/context'
import { loadLater } from './views/FromLater'

const PRELOAD_MS = 2000

export function render(): void {
  // TensorBoard's entry page sets neither.
  document.documentElement.lang = 'en'
  document.title = 'Grad Health'
  const host = connectHost()
  const tab = createTab(api, host)
  // Sends the first requests before anything is drawn.
  refreshPeriodically(host, tab.server)
  adoptStyles(host.dark, window.parent.document)
  // Ready before somebody asks for it, but not before the first paint.
  setTimeout(() => loadLater().catch(() => undefined), PRELOAD_MS)
  mount(h(TabContext.Provider, { value: tab, children: h(App, {}) }), document.body)
}
