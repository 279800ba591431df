import { describe, expect, it } from 'vitest'
import type { Finding, Run } from '../contract'
import { aFinding, aHealthyRun, aRun } from '../testing/samples'
import {
  loadingText,
  runAge,
  runChip,
  runFacts,
  tellingFindings,
  verdictSentence,
  worstFinding,
} from './verdict'

const title = (id: string) => (id === 'non-finite' ? 'NaN or infinity' : 'Vanishing gradient')
const say = (runs: Run[], findings: Finding[], selected: string | null) =>
  verdictSentence(runs, findings, selected, title)

describe('a run in one chip', () => {
  it.each([
    ['critical', { critical: 2, warning: 3, info: 0 }, 'critical'],
    ['warning', { critical: 0, warning: 3, info: 1 }, '3 warnings'],
    ['warning', { critical: 0, warning: 1, info: 0 }, '1 warning'],
    ['healthy', { critical: 0, warning: 0, info: 2 }, '2 info'],
    ['healthy', { critical: 0, warning: 0, info: 0 }, 'healthy'],
    ['unknown', { critical: 0, warning: 0, info: 0 }, 'no data'],
  ] as const)('of verdict %s with %o is "%s"', (verdict, counts, text) => {
    expect(runChip(aRun({ verdict, counts })).text).toBe(text)
  })
})

describe('the verdict', () => {
  it('names what, where and since when of the worst run', () => {
    const sentence = say([aHealthyRun(), aRun()], [aFinding()], null)
    expect(sentence.text).toBe('mlp_sigmoid: vanishing gradient in dense_0/kernel since step 40')
    expect(sentence.tone).toBe('critical')
  })

  it('says so when the filter leaves no run', () => {
    expect(say([], [], null)).toEqual({
      text: 'No run passes the filter',
      tone: 'unknown',
      run: null,
    })
  })

  it('is about the selected run', () => {
    const sentence = say([aHealthyRun(), aRun()], [aFinding()], 'cnn_healthy')
    expect(sentence.text).toBe('cnn_healthy looks healthy')
  })

  it('begins with the run that went wrong first', () => {
    const early = aFinding({ run: 'early', opened_step: 10, symptom: 'non-finite' })
    const sentence = say([aRun(), aRun({ run: 'early' })], [aFinding(), early], null)
    expect(sentence.text).toBe('early: NaN or infinity in dense_0/kernel since step 10')
  })

  it('says when a symptom was over', () => {
    const over = aFinding({ state: 'resolved', resolved_step: 120 })
    expect(say([aRun()], [over], null).text).toMatch(/from step 40 to 120, resolved$/)
  })

  it('names no tensor for the loss', () => {
    const loss = aFinding({ kind: 'loss', tensor: 'loss' })
    expect(say([aRun()], [loss], null).text).toBe('mlp_sigmoid: vanishing gradient since step 40')
  })

  it('is calm when all is well', () => {
    const silent = aHealthyRun({ run: 'new', verdict: 'unknown', records: 0 })
    expect(say([aHealthyRun(), aHealthyRun({ run: 'b' })], [], null).text).toBe(
      'All 2 runs look healthy',
    )
    expect(say([aHealthyRun()], [], null).text).toBe('cnn_healthy looks healthy')
    expect(say([silent], [], null).text).toBe('new has recorded nothing yet')
    expect(say([aHealthyRun(), silent], [], null).text).toBe(
      '1 of 2 runs looks healthy, 1 without data yet',
    )
  })
})

it('the worst finding is open before resolved, and the origin before those that followed', () => {
  const resolved = aFinding({ id: 'r', state: 'resolved', opened_step: 1 })
  const follower = aFinding({ id: 'f', origin: false, opened_step: 30 })
  const origin = aFinding({ id: 'o' })
  expect(worstFinding([resolved, follower, origin])?.id).toBe('o')
  expect(worstFinding([])).toBeNull()
})

describe('age', () => {
  it('is told by the server, and a run that recorded within the minute is live', () => {
    const run = aRun({ last_wall_time: 1000 })
    expect(runAge(run, 1_059_000)).toBe('live')
    expect(runAge(run, 1_061_000)).toBe('1 min ago')
    expect(runAge(run, 1_000_000 + 3 * 86_400_000)).toBe('3 days ago')
    expect(runAge(aRun({ last_wall_time: null }), 5)).toBeNull()
  })

  it('comes after how much is still to be read', () => {
    expect(loadingText({ done: false, bytes_read: 45, bytes: 99 })).toBe('reading, 45 %')
    expect(loadingText({ done: false, bytes_read: 0, bytes: 0 })).toBe('reading')
    expect(loadingText({ done: true, bytes_read: 9, bytes: 9 })).toBeNull()
  })
})

describe('the small line', () => {
  it('says how far, how the loss moved and what is watched', () => {
    expect(runFacts(aRun(), 1.7e12 + 180_000)).toEqual([
      'step 590',
      '3 min ago',
      'loss 2.310 → 2.300',
      '26 tensors watched',
      'recorded every 10 steps',
    ])
  })

  it('says that a loss has left the numbers', () => {
    expect(
      runFacts(aRun({ loss: { first: 2.3, last: null }, every: 1 }), 1.7e12 + 180_000),
    ).toEqual([
      'step 590',
      '3 min ago',
      'loss 2.300 → not finite',
      '26 tensors watched',
      'recorded every step',
    ])
  })

  it('leaves out what is unknown', () => {
    const bare = {
      last_step: null,
      last_wall_time: null,
      tensors: 0,
      every: null,
      loss: { first: null, last: null },
    }
    expect(runFacts(aRun(bare), 1.7e12 + 180_000)).toEqual([])
  })
})

it('is decided by two findings of a run: the one to name and the first to count', () => {
  const findings = [
    aFinding({ id: 'muted', opened_step: 1, muted: 'on purpose' }),
    aFinding({ id: 'info', severity: 'info', opened_step: 2 }),
    aFinding({ id: 'first', severity: 'warning', opened_step: 3 }),
    aFinding({ id: 'worst', opened_step: 9 }),
  ]
  expect(tellingFindings(findings).map(({ id }) => id)).toEqual(['worst', 'first'])
  const other = aRun({ run: 'other' })
  const others = [aFinding({ run: 'other', opened_step: 4 })]
  const over = (some: Finding[]) =>
    verdictSentence([other, aRun()], [...others, ...some], null, title)
  expect(over(tellingFindings(findings))).toEqual(over(findings))
  expect(over(findings).run?.run).toBe('mlp_sigmoid')
})

it('calls a run without a verdict empty only when it has been read', () => {
  const loading = { done: false, bytes_read: 0, bytes: 100 }
  expect(runChip(aRun({ verdict: 'unknown', loading })).text).toBe('reading')
  expect(runChip(aRun({ verdict: 'unknown', loading: { ...loading, done: true } })).text).toBe(
    'no data',
  )
})

it('does not begin with the dot that the run at the root is called by', () => {
  const root = aRun({ run: '.' })
  expect(say([root], [aFinding({ run: '.' })], null).text).toBe(
    'This run: vanishing gradient in dense_0/kernel since step 40',
  )
})
