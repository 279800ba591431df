import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Api } from './api'
import { encodeFrame } from './testing/frames'

const answer = (body: BodyInit, init: ResponseInit = {}) => {
  const fetch = vi.fn(async (_address: string) => new Response(body, init))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

// A new module for each test, because it caches responses.
let api: Api
let HttpError: typeof import('./api').HttpError
beforeEach(async () => {
  vi.resetModules()
  ;({ api, HttpError } = await import('./api'))
})
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
  expect(refusal).toBeInstanceOf(HttpError)
  expect(refusal.message).toBe('There is no run "x".')
})

it('says the status where somebody else answered', async () => {
  answer('<html>', { status: 502, statusText: 'Bad Gateway' })
  await expect(api.findings([])).rejects.toThrow('502 Bad Gateway')
})

it('gives the very same answer again where the server says that nothing changed', async () => {
  const asked: (string | undefined)[] = []
  const runs = { version: '1', logdir: '', runs: [], problems: [] }
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_address: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(headers['If-None-Match'])
      return headers['If-None-Match'] === 'W/"1"'
        ? new Response(null, { status: 304 })
        : new Response(JSON.stringify(runs), { headers: { ETag: 'W/"1"' } })
    }),
  )
  const first = await api.runs()
  expect(first).toEqual(runs)
  expect(await api.runs()).toBe(first)
  expect(asked).toEqual([undefined, 'W/"1"'])
})

it('takes no answer without an ETag for the next one', async () => {
  const fetch = answer('{"runs": []}')
  await api.runs()
  fetch.mockResolvedValueOnce(new Response('{"runs": [1]}'))
  expect(await api.runs()).toEqual({ runs: [1] })
})

it('asks for a picture of all layers with its steps and how its cells are told', async () => {
  const fetch = answer(encodeFrame({ rows: [] }, { step: [0], value: [] }))
  await api.heatmap({
    run: 'r',
    kind: 'gradient',
    column: 'rms',
    width: 96,
    steps: { from: 3, to: 9 },
    reduce: 'mean',
  })
  const question = new URLSearchParams(fetch.mock.calls[0]?.[0].split('?')[1])
  expect(Object.fromEntries(question)).toEqual({
    run: 'r',
    kind: 'gradient',
    column: 'rms',
    width: '96',
    from: '3',
    to: '9',
    reduce: 'mean',
  })
})
