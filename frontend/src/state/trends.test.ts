import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keyOf } from '../lib/finding-entries'
import { aFinding } from '../testing/samples'
import { aServer } from '../testing/server'
import { createTrends } from './trends'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const a = aFinding({ id: 'a' })
const b = aFinding({ id: 'b' })
const other = aFinding({ id: 'a', run: 'other' })

it('asks once a run for the rows that stay in sight, not for those scrolled past', async () => {
  const api = aServer()
  const trends = createTrends(api)
  trends.request([aFinding({ id: 'past' })])
  trends.request([a, b, other])
  await vi.runAllTimersAsync()
  expect(api.trends.mock.calls).toEqual([
    ['mlp_sigmoid', ['a', 'b']],
    ['other', ['a']],
  ])
  expect(trends.byKey.value.get(keyOf(other))).toEqual([0.1, 0.01, null, 0.0005])
  trends.request([a, b])
  await vi.runAllTimersAsync()
  expect(api.trends).toHaveBeenCalledTimes(2)
})

it('asks again when a finding has moved on, or when the server was away', async () => {
  const api = aServer()
  const trends = createTrends(api)
  api.trends.mockRejectedValueOnce(new TypeError('Failed to fetch'))
  for (const findings of [[a], [a], [aFinding({ id: 'a', last_step: 600 })]]) {
    trends.request(findings)
    await vi.runAllTimersAsync()
  }
  expect(api.trends).toHaveBeenCalledTimes(3)
})
