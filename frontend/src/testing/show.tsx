/** Renders the tab with a server and host in memory, after the first response. */

import { render } from '@testing-library/preact'
import type { Api } from '../api'
import type { Host } from '../host'
import { createTab, type Tab } from '../state'
import { App } from '../views/App'
import { TabContext } from '../views/context'
import { loadLater } from '../views/FromLater'

export async function showTab(api: Api, host: Host): Promise<Tab> {
  await loadLater()
  const tab = createTab(api, host)
  render(
    <TabContext.Provider value={tab}>
      <App />
    </TabContext.Provider>,
  )
  await tab.server.refresh()
  return tab
}
