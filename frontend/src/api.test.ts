import { afterEach, expect, it, vi } from 'vitest'
import { api, Refusal } from './api'
import { encodeFrame } from './testing/frames'

const answer = (body: BodyInit, init: ResponseInit = {}) => {
  const fetch = vi.fn(async (_address: string) => new Response(body, init))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

afterEach(() => vi.unstubAllGlobals())

it('asks with relative addresses only, names escaped', async () => {
  const fetch = answer(encodeFrame({}, { step: [7] }))
  const evidence = await api.evidence('a/b c&d', '01ab')
  expect(fetch.mock.calls[0]?.[0]).toBe('evidence?run=a%2Fb+c%26d&finding=01ab')
  expect(evidence.columns.get('step')?.[0]).toBe(7)
})

it("passes on the server's own sentence", async () => {
  answer('{"error": "There is no run \\"x\\"."}', { status: 404 })
  const refusal = await api.runs().catch((error) => error)
  expect(refusal).toBeInstanceOf(Refusal)
  expect(refusal.message).toBe('There is no run "x".')
})

it('says the status where somebody else answered', async () => {
  answer('<html>', { status: 502, statusText: 'Bad Gateway' })
  await expect(api.findings()).rejects.toThrow('502 Bad Gateway')
})
