import { expect, it, vi } from 'vitest'
import { aHost } from '../testing/host'
import { aFinding, aRun } from '../testing/samples'
import { anEvidence, aServer } from '../testing/server'
import { createEvidence } from './evidence'
import { createServerState } from './server'
import { createView } from './view'

const first = aFinding({ id: '1' })
const second = aFinding({ id: '2', tensor: 'dense_1/kernel' })

async function start(hash = '#gradhealth') {
  const api = aServer([aRun()], [first, second])
  const server = createServerState(api)
  const view = createView(aHost(hash))
  const evidence = createEvidence(api, server, view)
  await server.refresh()
  return { api, server, view, evidence }
}

it('asks for nothing while nothing is opened', async () => {
  const { api, evidence } = await start()
  expect(api.evidence).not.toHaveBeenCalled()
  expect(evidence.finding.value).toBeNull()
})

it('is opened by the address', async () => {
  const { evidence } = await start('#gradhealth&p.gradhealth.finding=2%3Amlp_sigmoid')
  expect(evidence.finding.value?.tensor).toBe('dense_1/kernel')
  await vi.waitFor(() => expect(evidence.series.value?.header.finding.id).toBe('2'))
})

it('shows the last question, not the last answer', async () => {
  const { api, view, evidence } = await start()
  let late = (_: ReturnType<typeof anEvidence>) => {}
  api.evidence.mockReturnValueOnce(
    new Promise((resolve) => {
      late = resolve
    }),
  )
  view.change({ opened: first })
  view.change({ opened: second })
  await vi.waitFor(() => expect(evidence.series.value).not.toBeNull())
  late(anEvidence(first))
  await Promise.resolve()
  expect(evidence.series.value?.header.finding.id).toBe('2')
})

it('keeps its series while the next one is on its way, and says when it fails', async () => {
  const { api, server, view, evidence } = await start()
  view.change({ opened: first })
  await vi.waitFor(() => expect(evidence.series.value).not.toBeNull())
  api.evidence.mockRejectedValueOnce(new Error('no'))
  api.findings.mockResolvedValue([{ ...first, last_step: 600 }])
  await server.refresh({ force: true })
  await vi.waitFor(() => expect(evidence.failure.value).toBe('no'))
  expect(evidence.series.value).not.toBeNull()
})
