import { expect, it } from 'vitest'
import { aFinding, inServersOrder } from '../testing/samples'
import { createEntryBuilder } from './finding-entries'
import { incidentSpans } from './run-incidents'

it('marks each incident that counts, from its lead to the end of its last finding', () => {
  const findings = inServersOrder([
    aFinding({ id: 'o', incident: 'i', severity: 'info', opened_step: 40, resolved_step: 60 }),
    aFinding({ id: 'w', incident: 'i', origin: false, opened_step: 45, resolved_step: 90 }),
    aFinding({ id: 'open', severity: 'warning', opened_step: 10 }),
    aFinding({ id: 'hint', severity: 'info', opened_step: 5 }),
    aFinding({ id: 'muted', muted: 'known', opened_step: 1 }),
  ])
  const spans = incidentSpans(createEntryBuilder().build(findings))
  expect(spans.map(({ lead, ...span }) => ({ ...span, lead: lead.id }))).toEqual([
    { opened: 40, resolved: 90, severity: 'critical', lead: 'o' },
    { opened: 10, resolved: null, severity: 'warning', lead: 'open' },
  ])
})
