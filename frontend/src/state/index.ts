/** The state of the tab: the server's data, the user's choices, and what is derived from both. */

import type { Api } from '../api'
import type { Host } from '../host'
import { type Alerts, createAlerts } from './alerts'
import { type Comparison, createComparison } from './comparison'
import { createEvidence, type EvidenceState } from './evidence'
import { createGlance, type Glance } from './glance'
import { createKeys, type Keys } from './keys'
import { createLayers, type Layers } from './layers'
import { createRules, type RulesState } from './rules'
import { createServerState, type ServerState } from './server'
import { createTrends, type Trends } from './trends'
import { createView, type View } from './view'

export interface Tab {
  readonly host: Host
  readonly server: ServerState
  readonly view: View
  readonly keys: Keys
  readonly alerts: Alerts
  readonly evidence: EvidenceState
  readonly trends: Trends
  readonly layers: Layers
  readonly glance: Glance
  readonly comparison: Comparison
  readonly rules: RulesState
}

export function createTab(api: Api, host: Host): Tab {
  const server = createServerState(api)
  const view = createView(host)
  const alerts = createAlerts(server, view)
  const layers = createLayers(api, server, view, alerts)
  return {
    host,
    server,
    view,
    keys: createKeys(host),
    alerts,
    layers,
    glance: createGlance(api, server, view, alerts, layers.run),
    evidence: createEvidence(api, server, view),
    trends: createTrends(api),
    comparison: createComparison(api, server, view),
    rules: createRules(api, server, view, alerts),
  }
}
