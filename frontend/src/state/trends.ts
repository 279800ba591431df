/** The small drawings of the rows in sight: asked for in one question a run, and again when a finding moved on. */

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Api } from '../api'
import type { Finding, Trend } from '../contract'
import { groupBy } from '../lib/filter'
import { keyOf } from '../lib/register'

export interface Trends {
  /** By `keyOf` of the finding; what is not there yet is not drawn yet. */
  readonly known: ReadonlySignal<ReadonlyMap<string, Trend>>
  /** Called with the rows in sight, as often as they change. */
  readonly want: (findings: readonly Finding[]) => void
}

const PAUSE_MS = 60
/** The route's own bound. */
const MOST_AT_ONCE = 200

export function createTrends(api: Api): Trends {
  const known = signal<ReadonlyMap<string, Trend>>(new Map())
  const asked = new Map<string, string>()
  let wanted: readonly Finding[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(run: string, findings: readonly Finding[]): Promise<void> {
    for (const finding of findings) asked.set(keyOf(finding), stamp(finding))
    const ids = findings.map(({ id }) => id)
    try {
      const trends = await api.trends(run, ids)
      const next = new Map(known.peek())
      for (const [id, trend] of Object.entries(trends)) next.set(keyOf({ run, id }), trend)
      known.value = next
    } catch {
      // A drawing less: the status line tells of a server that is away. The next look asks again.
      for (const finding of findings) asked.delete(keyOf(finding))
    }
  }

  function askForWanted(): void {
    const missing = wanted.filter((finding) => asked.get(keyOf(finding)) !== stamp(finding))
    const runs = groupBy(missing, ({ run }) => run)
    for (const [run, findings] of runs) void ask(run, findings.slice(0, MOST_AT_ONCE))
  }

  const want = (findings: readonly Finding[]) => {
    wanted = findings
    clearTimeout(timer)
    timer = setTimeout(askForWanted, PAUSE_MS)
  }
  return { known, want }
}

function stamp({ last_step, count, state }: Finding): string {
  return `${last_step} ${count} ${state}`
}
