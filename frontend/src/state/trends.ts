/** The small drawings of the rows in sight: requested for in one question a run, and again when a finding moved on. */

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Api } from '../api'
import type { Finding, Trend } from '../contract'
import { groupBy } from '../lib/filter'
import { keyOf } from '../lib/finding-entries'

export interface Trends {
  /** By `keyOf` of the finding; what is not there yet is not drawn yet. */
  readonly byKey: ReadonlySignal<ReadonlyMap<string, Trend>>
  /** Called with the rows in sight, as often as they change. */
  readonly request: (findings: readonly Finding[]) => void
}

const DEBOUNCE_MS = 60
/** The route's own bound. */
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
      // A drawing less: the status line tells of a server that is away. The next look asks again.
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
