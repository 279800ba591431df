import { expect, it } from 'vitest'
import { SEVERITIES } from '../contract'
import { aFinding } from '../testing/samples'
import { applyFacets } from './facets'
import { createEntryBuilder } from './finding-entries'

const states = ['open', 'resolved'] as const
const findings = SEVERITIES.flatMap((severity) =>
  states.flatMap((state) =>
    ['gradient', 'weight'].flatMap((kind) =>
      ['', 'on purpose'].map((muted) => aFinding({ severity, state, kind, muted })),
    ),
  ),
)
const entries = createEntryBuilder().build(findings)
const NOTHING = { severity: [], state: [], symptom: [], kind: [] }

it.each([
  [NOTHING, false],
  [{ ...NOTHING, severity: ['critical', 'info'] }, false],
  [{ ...NOTHING, severity: ['critical'], state: ['open'] }, true],
  [{ ...NOTHING, kind: ['weight'], symptom: ['another'] }, false],
])('counts what each choice would show under the others: %j, muted %j', (wanted, showsMuted) => {
  const { passing, counts } = applyFacets(entries, wanted, showsMuted)
  // Counts by applying one choice at a time.
  const shown = (choice: Record<string, readonly string[]>) =>
    findings.filter((finding) =>
      ['severity', 'state', 'symptom', 'kind'].every((facet) => {
        const some = choice[facet] ?? []
        return some.length === 0 || some.includes(finding[facet as 'severity'])
      }),
    )
  const seen = (choice: Record<string, readonly string[]>) =>
    shown(choice).filter(({ muted }) => showsMuted || !muted).length
  expect(passing).toHaveLength(seen(wanted))
  for (const severity of SEVERITIES) {
    expect(counts.severity[severity] ?? 0).toBe(seen({ ...wanted, severity: [severity] }))
  }
  for (const state of states) {
    expect(counts.state[state] ?? 0).toBe(seen({ ...wanted, state: [state] }))
  }
  for (const kind of ['gradient', 'weight']) {
    expect(counts.kind[kind] ?? 0).toBe(seen({ ...wanted, kind: [kind] }))
  }
  expect(counts.muted).toBe(shown(wanted).filter(({ muted }) => muted).length)
})
