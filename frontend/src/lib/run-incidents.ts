/** The incidents of one run as spans of steps, for marks in charts. */

import { type Finding, SEVERITIES, type Severity } from '../contract'
import { groupBy } from './filter'
import type { Entry } from './finding-entries'

export interface IncidentSpan {
  /** The first step of its lead, as in the table. */
  opened: number
  /** Null while one of its findings is open. */
  resolved: number | null
  /** The worst of its findings. */
  severity: Severity
  /** The finding that leads its row in the table. */
  lead: Finding
}

/** The incidents that the verdict counts, not muted and not for information only, in the order of the entries. */
export function incidentSpans(entries: readonly Entry[]): IncidentSpan[] {
  const counted = entries.filter(({ traits }) => !traits.muted)
  const spans = [...groupBy(counted, ({ incident }) => incident).values()].map((members) => {
    const findings = members.map(({ finding }) => finding)
    const ends = findings.map(({ resolved_step }) => resolved_step)
    const worst = Math.min(...findings.map(({ severity }) => SEVERITIES.indexOf(severity)))
    return {
      opened: (findings[0] as Finding).opened_step,
      resolved: ends.includes(null) ? null : Math.max(...ends.map(Number)),
      severity: SEVERITIES[worst] ?? 'info',
      lead: findings[0] as Finding,
    }
  })
  return spans.filter(({ severity }) => severity !== 'info')
}
