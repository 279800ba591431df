import { expect, it } from 'vitest'
import type { Run } from '../contract'
import { aHost } from '../testing/host'
import { aFinding, aHealthyRun, aRun } from '../testing/samples'
import { aServer } from '../testing/server'
import { createAlerts } from './alerts'
import { createServerState } from './server'
import { createView } from './view'

// Ids are unique only within a run, and so are those of incidents.
const counts = { critical: 3_000, warning: 0, info: 0 }
const runs = [
  aRun({ run: 'a', counts, revision: '1' }),
  aRun({ run: 'b', counts, revision: '1' }),
  aRun({ run: 'c', revision: '1' }),
]
const findings = ['a', 'b', 'c'].flatMap((run) => [
  aFinding({ run, id: 'o', incident: 'i', tensor: 'dense_0/kernel' }),
  aFinding({ run, id: 'f', incident: 'i', tensor: 'dense_1/kernel', origin: false }),
])

/** A server that delays its response to the first request for all findings. */
function held(hash = '#gradhealth', all: Run[] = runs) {
  const api = aServer(all, findings)
  const ofRuns = async (names: readonly string[]) =>
    findings.filter(({ run }) => names.length === 0 || names.includes(run))
  let release = () => {}
  api.findings.mockImplementation(ofRuns)
  api.findings.mockImplementationOnce(
    (names) =>
      new Promise((done) => {
        release = () => done(ofRuns(names))
      }),
  )
  const server = createServerState(api)
  const view = createView(aHost(hash))
  return { api, server, view, alerts: createAlerts(server, view), release: () => release() }
}

const until = async (condition: () => boolean) => {
  for (let i = 0; i < 100 && !condition(); i++) await Promise.resolve()
  expect(condition()).toBe(true)
}

it('shows the first incidents before all findings are there, and the same rows after', async () => {
  const { server, alerts, release } = held()
  const reading = server.refresh()
  await until(() => server.page.value !== null)
  const told = () => alerts.rows.value.map(({ key, others, shared }) => [key, others, shared])
  const before = { rows: told(), counts: alerts.counts.value, verdict: alerts.verdict.value.text }
  expect(before.rows).toEqual([
    ['o:a', 1, true],
    ['o:b', 1, true],
    ['o:c', 1, true],
  ])
  expect(before.counts?.severity).toEqual({ critical: 6 })
  expect(alerts.waiting.value).toBe(false)
  release()
  await reading
  expect(server.page.value).toBeNull()
  expect({ rows: told(), counts: alerts.counts.value, verdict: alerts.verdict.value.text }).toEqual(
    before,
  )
})

it('counts and filters only what is there', async () => {
  const { server, alerts, view, release } = held('#gradhealth&p.gradhealth.layers=dense_1')
  const reading = server.refresh()
  await until(() => server.page.value !== null)
  expect(alerts.waiting.value).toBe(true)
  expect(alerts.rows.value).toEqual([])
  expect(alerts.counts.value).toBeNull()
  view.change({ layerFilter: '' })
  expect(alerts.waiting.value).toBe(false)
  view.change({ layerFilter: 'dense_1' })
  release()
  await reading
  expect(alerts.rows.value.map(({ key }) => key)).toEqual(['f:a', 'f:b', 'f:c'])
})

it('names the run to look at first of those that pass, before all findings are there', async () => {
  const all = [...runs, aHealthyRun()]
  const { server, alerts, release } = held('#gradhealth&p.gradhealth.runs=^[bc]$', all)
  const reading = server.refresh()
  await until(() => server.page.value !== null)
  const { text } = alerts.verdict.value
  expect(text).toMatch(/^b: /)
  release()
  await reading
  expect(alerts.verdict.value.text).toBe(text)
})

it('asks for thousands in several questions, and again only for the run that moved on', async () => {
  const { api, server, release } = held()
  const reading = server.refresh()
  await until(() => server.page.value !== null)
  release()
  await reading
  expect(api.findings.mock.calls).toEqual([[['a']], [['b', 'c']]])
  const before = server.parts.value
  api.runs.mockResolvedValue({
    version: '',
    logdir: '',
    problems: [],
    runs: [runs[0] as Run, aRun({ run: 'b', counts, revision: '2' })],
  })
  await server.refresh()
  expect(api.findings.mock.calls.slice(2)).toEqual([[['b']]])
  expect(server.parts.value.get('a')).toBe(before.get('a'))
  expect(server.findings.value.map(({ run }) => run)).toEqual(['a', 'a', 'b', 'b'])
})

it('asks again for what failed to come', async () => {
  const { api, server } = held()
  api.findings.mockReset()
  api.findings.mockRejectedValueOnce(new TypeError('Failed to fetch'))
  api.findings.mockResolvedValue(findings)
  await server.refresh()
  expect(server.failure.value).toBe('TensorBoard does not answer.')
  expect(server.page.value?.total).toBe(6)
  await server.refresh()
  expect(server.page.value).toBeNull()
  expect(server.findings.value).toHaveLength(6)
})

it('enters an answer once that a reload gives again', async () => {
  const { api, server } = held()
  api.findings.mockReset()
  api.findings.mockResolvedValue(findings)
  await server.refresh()
  const before = server.parts.value
  await server.refresh({ force: true })
  expect(server.parts.value.get('b')).toBe(before.get('b'))
})
