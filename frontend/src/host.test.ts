import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connectHost } from './host'
import { deepLinks } from './lib/deep-link'

/** A frame within a page: happy-dom's window is the page, a plain object the frame. */
function aFrame(height = 800) {
  const events = new EventTarget()
  return {
    parent: window,
    innerHeight: height,
    matchMedia: () => ({ matches: true, addEventListener: () => {} }),
    document: { baseURI: 'http://tb/pfx/data/plugin/gradhealth/' },
    addEventListener: events.addEventListener.bind(events),
    resizeTo(next: number) {
      this.innerHeight = next
      events.dispatchEvent(new Event('resize'))
    },
  }
}

const connect = (frame = aFrame()) => connectHost(frame as unknown as Window)
const link = (tab: string) => {
  const found = deepLinks('mlp', 'conv').find((link) => link.tab === tab)
  if (!found) throw new Error(tab)
  return found
}

beforeEach(() => {
  window.location.hash = '#gradhealth&p.gradhealth.run=mlp'
})
afterEach(() => {
  document.body.className = ''
})

it("follows TensorBoard's dark mode, whatever the system prefers", async () => {
  const host = connect()
  expect(host.dark.value).toBe(false)
  document.body.classList.add('dark-mode')
  await vi.waitFor(() => expect(host.dark.value).toBe(true))
})

it('by itself follows the system', () => {
  const frame = aFrame()
  const alone = Object.assign(frame, { parent: frame })
  expect(connectHost(alone as unknown as Window).dark.value).toBe(true)
})

it('is hidden when its frame has no height, and asks again when it comes back', () => {
  const frame = aFrame()
  const host = connect(frame)
  const reload = vi.fn()
  host.onReload(reload)
  frame.resizeTo(0)
  expect(host.hidden()).toBe(true)
  frame.resizeTo(600)
  frame.resizeTo(700)
  expect(host.hidden()).toBe(false)
  expect(reload).toHaveBeenCalledTimes(1)
})

it("speaks the plugin protocol: answers every call, and hears TensorBoard's reload", async () => {
  const port = new Promise<MessagePort>((resolve) => {
    vi.spyOn(window, 'postMessage').mockImplementation(((...[, , ports]: unknown[]) =>
      resolve((ports as MessagePort[])[0] as MessagePort)) as typeof window.postMessage)
  })
  const reload = vi.fn()
  connect().onReload(reload)
  const tensorboard = await port
  const replies: { id: number; isReply: boolean }[] = []
  tensorboard.onmessage = ({ data }) => replies.push(JSON.parse(data))
  const say = (type: string, id: number) =>
    tensorboard.postMessage(JSON.stringify({ type, id, payload: null, isReply: false }))
  say('experimental.RunsChanged', 1)
  say('experimental.DataReloaded', 2)
  await vi.waitFor(() => expect(replies.map(({ id }) => id)).toEqual([1, 2]))
  expect(reload).toHaveBeenCalledTimes(1)
  tensorboard.close()
})

describe('a way into another tab', () => {
  it("has an address below TensorBoard's root, prefix included", () => {
    expect(connect().href(link('scalars'))).toMatch(/^http:\/\/tb\/pfx\/#scalars&tagFilter=conv/)
  })

  it('of the older kind goes by the hash and keeps our state', () => {
    connect().open(link('histograms'))
    expect(window.location.hash).toBe(
      '#histograms&tagFilter=conv&regexInput=%5Emlp(%2F%7C%24)&p.gradhealth.run=mlp',
    )
  })

  it('of Time Series goes by the query, without a reload', () => {
    const push = vi.spyOn(window.history, 'pushState').mockImplementation(() => {})
    const popped = vi.fn()
    window.addEventListener('popstate', popped, { once: true })
    connect().open(link('timeseries'))
    expect(push.mock.calls[0]?.[2]).toBe(
      '?tagFilter=conv&runFilter=%5Emlp%28%2F%7C%24%29#timeseries&p.gradhealth.run=mlp',
    )
    expect(popped).toHaveBeenCalledTimes(1)
  })
})
