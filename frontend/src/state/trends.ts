/** The sparklines of the visible rows: one request per run, repeated when a finding changes. */

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Api } from '../api'
import type { Finding, Trend } from '../contract'
import { groupBy } from '../lib/filter'
import { keyOf } from '../lib/finding-entries'

export interface Trends {
  /** The loaded trends by `keyOf` the finding. */
  readonly byKey: ReadonlySignal<ReadonlyMap<string, Trend>>
  /** Called with the visible rows whenever they change. */
  readonly request: (findings: readonly Finding[]) => void
}

const DEBOUNCE_MS = 60
/** The limit of the route. */
const MAX_FINDINGS = 200

export function createTrends(api: Api): Trends {
  const byKey = signal<ReadonlyMap<string, Trend>>(new Map())
  const requested = new Map<string, string>()
  let visible: readonly Finding[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(run: string, findings: readonly Finding[]): Promise<void> {
    for (const finding of findings) requested.set(keyOf(finding), revision(finding))
    const ids = findings.map(({ id }) => id)
    try {
      const trends = await api.trends(run, ids)
      const next = new Map(byKey.peek())
      for (const [id, trend] of Object.entries(trends)) next.set(keyOf({ run, id }), trend)
      byKey.value = next
    } catch {
      // The status line reports an unreachable server. The next change of the view retries.
      for (const finding of findings) requested.delete(keyOf(finding))
    }
  }

  function requestMissing(): void {
    const missing = visible.filter((finding) => requested.get(keyOf(finding)) !== revision(finding))
    const runs = groupBy(missing, ({ run }) => run)
    for (const [run, findings] of runs) void load(run, findings.slice(0, MAX_FINDINGS))
  }

  const request = (findings: readonly Finding[]) => {
    visible = findings
    clearTimeout(timer)
    timer = setTimeout(requestMissing, DEBOUNCE_MS)
  }
  return { byKey, request }
}

function revision({ last_step, count, state }: Finding): string {
  return `${last_step} ${count} ${state}`
}
