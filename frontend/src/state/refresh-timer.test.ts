import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { aHost } from '../testing/host'
import { aServer } from '../testing/server'
import { LOADING_REFRESH_MS, REFRESH_MS, refreshPeriodically } from './refresh-timer'
import { createServerState } from './server'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('asks at once, then gently, and not while the tab is hidden', async () => {
  const [host, api] = [aHost(), aServer()]
  const stop = refreshPeriodically(host, createServerState(api))
  await vi.advanceTimersByTimeAsync(0)
  expect(api.runs).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(2 * REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(3)
  host.hidden.mockReturnValue(true)
  await vi.advanceTimersByTimeAsync(5 * REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(3)
  host.hidden.mockReturnValue(false)
  await vi.advanceTimersByTimeAsync(REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(4)
  stop()
})

it('asks eagerly while the server is still reading', async () => {
  const [host, api] = [aHost(), aServer()]
  const answer = await api.runs()
  api.runs.mockClear()
  const reading = { runs_read: 1, runs: 2, bytes_read: 10, bytes: 20 }
  api.runs.mockResolvedValueOnce({ ...answer, loading: { done: false, ...reading } })
  const stop = refreshPeriodically(host, createServerState(api))
  await vi.advanceTimersByTimeAsync(0)
  await vi.advanceTimersByTimeAsync(LOADING_REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(LOADING_REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(REFRESH_MS)
  expect(api.runs).toHaveBeenCalledTimes(3)
  stop()
})

it("asks for everything on TensorBoard's reload", async () => {
  const [host, api] = [aHost(), aServer()]
  const stop = refreshPeriodically(host, createServerState(api))
  await vi.advanceTimersByTimeAsync(0)
  host.reload()
  await vi.advanceTimersByTimeAsync(0)
  expect(api.findings).toHaveBeenCalledTimes(2)
  stop()
})
