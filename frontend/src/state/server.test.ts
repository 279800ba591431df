import { describe, expect, it, vi } from 'vitest'
import { HttpError } from '../api'
import { aFinding, aRun } from '../testing/samples'
import { aServer } from '../testing/server'
import { createServerState } from './server'

describe('the server state', () => {
  it('holds nothing until the first answer', async () => {
    const server = createServerState(aServer())
    expect(server.answer.value).toBeNull()
    await server.refresh()
    expect(server.answer.value?.runs[0]?.run).toBe('mlp_sigmoid')
    expect(server.findings.value).toHaveLength(1)
    expect(server.symptoms.value.get('vanishing-gradient')?.title).toBe('Vanishing gradient')
    expect(server.updated.value).not.toBeNull()
  })

  it('asks for the findings only when a run has moved on', async () => {
    const api = aServer()
    const server = createServerState(api)
    await server.refresh()
    const before = server.findings.value
    await server.refresh()
    expect(api.findings).toHaveBeenCalledTimes(1)
    expect(server.findings.value).toBe(before)
    api.runs.mockResolvedValue({
      version: '',
      logdir: '',
      problems: [],
      runs: [aRun({ records: 61 })],
    })
    await server.refresh()
    expect(api.findings).toHaveBeenCalledTimes(2)
    expect(api.symptoms).toHaveBeenCalledTimes(1)
  })

  it('asks for everything on a reload', async () => {
    const api = aServer()
    const server = createServerState(api)
    await server.refresh()
    await server.refresh({ force: true })
    expect(api.findings).toHaveBeenCalledTimes(2)
  })

  it('keeps what is shown when the server goes away, says so, and recovers', async () => {
    const api = aServer()
    const server = createServerState(api)
    await server.refresh()
    api.runs.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    await server.refresh()
    expect(server.failure.value).toBe('TensorBoard does not answer.')
    expect(server.findings.value).toHaveLength(1)
    await server.refresh()
    expect(server.failure.value).toBeNull()
  })

  it("passes on the server's reason", async () => {
    const api = aServer()
    api.runs.mockRejectedValue(new HttpError(500, '500 Internal Server Error'))
    const server = createServerState(api)
    await server.refresh()
    expect(server.failure.value).toBe('TensorBoard answered: 500 Internal Server Error.')
  })

  it('asks one question at a time', async () => {
    const api = aServer()
    let release = () => {}
    api.findings.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          release = () => resolve([aFinding()])
        }),
    )
    const server = createServerState(api)
    const slow = server.refresh()
    const impatient = server.refresh()
    await vi.waitFor(() => expect(api.findings).toHaveBeenCalled())
    release()
    await Promise.all([slow, impatient])
    expect(api.runs).toHaveBeenCalledTimes(1)
  })
})
