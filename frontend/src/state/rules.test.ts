import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Api, HttpError } from '../api'
import type { Judged, RuleDocument } from '../contract'
import { aHost } from '../testing/host'
import { aFinding, aJudgement, aRun, someRules } from '../testing/samples'
import { aServer } from '../testing/server'
import { createTab } from '.'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const RULES = '#gradhealth&p.gradhealth.view=rules'
const with_ = (threshold: number): RuleDocument => ({
  version: 1,
  symptoms: { 'vanishing-gradient': { threshold } },
})
const draftOf = (threshold: number) => JSON.stringify(with_(threshold))
const drafted = (text: string) => `${RULES}&p.gradhealth.draft=${encodeURIComponent(text)}`

async function start({ hash = RULES, runs = [aRun(), aRun({ run: 'other' })] } = {}) {
  const api = aServer(runs, [aFinding(), aFinding({ id: 'm', muted: 'known' })])
  const host = aHost(hash)
  const tab = createTab(api, host)
  await tab.server.refresh()
  await vi.advanceTimersByTimeAsync(0)
  return { api, ...tab, host }
}

/** Responses that the test resolves itself. */
function slowly(api: { judge: ReturnType<typeof vi.fn<Api['judge']>> }) {
  const answers: ((judged: Judged) => void)[] = []
  api.judge.mockImplementation(() => new Promise((resolve) => void answers.push(resolve)))
  return answers
}

describe('while another view is shown', () => {
  it('nothing is asked; it is as soon as this one is', async () => {
    const hash = drafted(draftOf(0.01)).replace('view=rules', 'view=runs')
    const { api, view } = await start({ hash })
    expect(api.rules).not.toHaveBeenCalled()
    expect(api.judge).not.toHaveBeenCalled()
    view.change({ view: 'rules' })
    await vi.advanceTimersByTimeAsync(0)
    expect(api.rules).toHaveBeenCalledTimes(1)
    expect(api.judge.mock.calls).toEqual([[{ rules: draftOf(0.01) }, []]])
  })
})

describe('a limit that is moved', () => {
  it('is shown at once, and is in the address and judged after a pause', async () => {
    const { api, host, rules } = await start()
    for (const threshold of [0.002, 0.003, 0.004]) {
      rules.attempt(with_(threshold), 'at a pause')
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(rules.document.value).toEqual(with_(0.004))
    expect([rules.trying.value, rules.upToDate.value]).toEqual([true, false])
    expect(api.judge).not.toHaveBeenCalled()
    expect(host.readHash()).not.toContain('draft')
    await vi.advanceTimersByTimeAsync(100)
    expect(api.judge.mock.calls).toEqual([[{ rules: draftOf(0.004) }, []]])
    expect(decodeURIComponent(host.readHash())).toContain(draftOf(0.004))
    expect([rules.upToDate.value, rules.judging.value]).toEqual([true, false])
  })

  it('asks one question at a time, and the last one wins', async () => {
    const { api, rules } = await start()
    const answers = slowly(api)
    for (const threshold of [0.002, 0.003, 0.004]) {
      rules.attempt(with_(threshold))
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(api.judge).toHaveBeenCalledTimes(1)
    answers[0]?.(aJudgement({ toml: 'first' }))
    await vi.advanceTimersByTimeAsync(0)
    expect(rules.judged.value).toBeNull()
    expect(api.judge.mock.calls.map(([text]) => text)).toEqual([
      { rules: draftOf(0.002) },
      { rules: draftOf(0.004) },
    ])
    answers[1]?.(aJudgement({ toml: 'last' }))
    await vi.advanceTimersByTimeAsync(0)
    expect(rules.judged.value?.toml).toBe('last')
    expect(rules.upToDate.value).toBe(true)
  })

  it('back to where it was leaves nothing to try', async () => {
    const { host, rules } = await start({ hash: drafted(draftOf(0.01)) })
    expect(rules.judged.value).not.toBeNull()
    rules.attempt({ version: 1 })
    expect([rules.trying.value, rules.judged.value, rules.upToDate.value]).toEqual([
      false,
      null,
      true,
    ])
    expect(host.readHash()).not.toContain('draft')
  })

  it('is outdone by another address', async () => {
    const { host, rules } = await start()
    rules.attempt(with_(0.5), 'at a pause')
    host.goTo(drafted(draftOf(0.01)))
    await vi.advanceTimersByTimeAsync(500)
    expect(rules.document.value).toEqual(with_(0.01))
  })
})

describe('the runs that are judged', () => {
  it('are those that the reader chose', async () => {
    const { api, view, rules } = await start({ hash: drafted(draftOf(0.01)) })
    expect(rules.found.value.bySeverity).toEqual({ critical: 1 })
    expect([...rules.found.value.keys]).toEqual(['0123abcdef:mlp_sigmoid', 'm:mlp_sigmoid'])
    view.change({ runFilter: '^oth' })
    await vi.advanceTimersByTimeAsync(0)
    expect(rules.found.value.bySymptom).toEqual({})
    view.change({ runFilter: '', run: 'mlp_sigmoid' })
    await vi.advanceTimersByTimeAsync(0)
    expect(api.judge.mock.calls.map(([, runs]) => runs)).toEqual([[], ['other'], ['mlp_sigmoid']])
  })

  it('are none where none passes: an empty list would mean all', async () => {
    const { api, rules } = await start({
      hash: `${drafted(draftOf(0.01))}&p.gradhealth.runs=nowhere`,
    })
    expect(api.judge).not.toHaveBeenCalled()
    expect(rules.judging.value).toBe(false)
  })

  it('are judged again when they have moved on, and only then', async () => {
    const { api, server } = await start({ hash: drafted(draftOf(0.01)) })
    await server.refresh({ force: true })
    expect(api.judge).toHaveBeenCalledTimes(1)
    const runs = [aRun({ records: 61 }), aRun({ run: 'other' })]
    api.runs.mockResolvedValue({ version: '0.1.0', logdir: 'logs', runs, problems: [] })
    await server.refresh()
    expect(api.judge).toHaveBeenCalledTimes(2)
  })

  it('are not judged all the time by a server that takes long for it', async () => {
    const { api, server, rules } = await start()
    const answers = slowly(api)
    rules.attempt(with_(0.01))
    await vi.advanceTimersByTimeAsync(10_000)
    answers[0]?.(aJudgement())
    await vi.advanceTimersByTimeAsync(0)
    const runs = [aRun({ records: 61 }), aRun({ run: 'other' })]
    api.runs.mockResolvedValue({ version: '0.1.0', logdir: 'logs', runs, problems: [] })
    await server.refresh()
    await vi.advanceTimersByTimeAsync(29_000)
    expect(api.judge).toHaveBeenCalledTimes(1)
    expect(rules.upToDate.value).toBe(true)
    await vi.advanceTimersByTimeAsync(1000)
    expect(api.judge).toHaveBeenCalledTimes(2)
    answers[1]?.(aJudgement())
    await vi.advanceTimersByTimeAsync(0)
    rules.attempt(with_(0.02))
    expect(api.judge).toHaveBeenCalledTimes(3)
  })
})

describe('trouble', () => {
  it('with the draft is told in the server’s words until the draft is another', async () => {
    const { api, rules } = await start()
    api.judge.mockRejectedValueOnce(new HttpError(400, 'rules: unknown key'))
    rules.attempt(with_(0.01))
    await vi.advanceTimersByTimeAsync(0)
    expect(rules.failure.value).toBe('rules: unknown key')
    expect([rules.judging.value, rules.upToDate.value]).toEqual([false, false])
    rules.attempt(with_(0.02))
    await vi.advanceTimersByTimeAsync(0)
    expect([rules.failure.value, rules.upToDate.value]).toEqual([null, true])
  })

  it('with an address by hand leaves the rules in force in the controls', async () => {
    const { api, rules } = await start({ hash: drafted('{"symptoms"') })
    expect(rules.document.value).toEqual({ version: 1 })
    expect(api.judge).toHaveBeenCalledWith({ rules: '{"symptoms"' }, [])
  })

  it('with the server ends when it is back', async () => {
    const { api, server, rules } = await start()
    api.judge.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    rules.attempt(with_(0.01))
    await vi.advanceTimersByTimeAsync(0)
    expect(rules.failure.value).toBe('TensorBoard does not answer.')
    api.runs.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    api.judge.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    await server.refresh()
    await server.refresh()
    await vi.advanceTimersByTimeAsync(0)
    expect([rules.failure.value, rules.upToDate.value]).toEqual([null, true])
  })
})

describe('a preset that a draft stands on', () => {
  it('is written out, so that the controls show the whole', async () => {
    const api = aServer()
    api.judge.mockResolvedValue(aJudgement({ rules: with_(0.01) }))
    const tab = createTab(api, aHost(drafted('{"extends":"strict"}')))
    await tab.server.refresh()
    await vi.advanceTimersByTimeAsync(0)
    expect(tab.view.current.value.draft).toBe(draftOf(0.01))
    expect(tab.rules.document.value).toEqual(with_(0.01))
  })
})

describe('a rule file', () => {
  it('is read by the server and tried', async () => {
    const { api, rules } = await start()
    api.judge.mockResolvedValue(aJudgement({ rules: with_(0.03) }))
    await rules.load('mine.toml', 'some = "toml"')
    await vi.advanceTimersByTimeAsync(0)
    expect(api.judge.mock.calls).toEqual([
      [{ toml: 'some = "toml"' }, ['mlp_sigmoid']],
      [{ rules: draftOf(0.03) }, []],
    ])
    expect(rules.document.value).toEqual(with_(0.03))
  })

  it('with the rules in force leaves nothing to try', async () => {
    const { api, view, rules } = await start({ hash: drafted(draftOf(0.01)) })
    api.judge.mockResolvedValue(aJudgement({ rules: someRules().rules }))
    await rules.load('same.toml', 'version = 1')
    expect(view.current.value.draft).toBe('')
  })

  it('that cannot be used is called by its name, and nothing else changes', async () => {
    const { api, rules } = await start({ hash: drafted(draftOf(0.01)) })
    api.judge.mockRejectedValueOnce(new HttpError(400, 'toml: a: no\ntoml: b: no'))
    await rules.load('mine.toml', 'a')
    expect(rules.loadFailure.value).toBe('mine.toml: a: no\nmine.toml: b: no')
    expect(rules.document.value).toEqual(with_(0.01))
    rules.attempt(with_(0.02))
    expect(rules.loadFailure.value).toBeNull()
  })

  it('that is too long is not even sent', async () => {
    const { api, rules } = await start()
    await rules.load('long.toml', 'x'.repeat(20_000))
    expect(rules.loadFailure.value).toBe(
      'long.toml has more than the 16,384 characters that can be tried here.',
    )
    expect(api.judge).not.toHaveBeenCalled()
  })
})
