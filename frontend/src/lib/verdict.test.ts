import { describe, expect, it } from 'vitest'
import type { Run } from '../contract'
import { aHealthyRun, aRun } from '../testing/samples'
import {
  loadingText,
  lossText,
  runAge,
  runChip,
  runFacts,
  runReservation,
  sickSentence,
  verdictCounts,
  verdictSentence,
} from './verdict'

describe('a run in one chip', () => {
  it.each([
    ['critical', { critical: 2, warning: 3, info: 0 }, 'critical'],
    ['warning', { critical: 0, warning: 3, info: 1 }, '3 warnings'],
    ['warning', { critical: 0, warning: 1, info: 0 }, '1 warning'],
    ['healthy', { critical: 0, warning: 0, info: 2 }, '2 info'],
    ['healthy', { critical: 0, warning: 0, info: 0 }, 'healthy'],
    ['too early', { critical: 0, warning: 0, info: 2 }, 'too early'],
    ['unknown', { critical: 0, warning: 0, info: 0 }, 'no data'],
  ] as const)('of verdict %s with %o is "%s"', (verdict, counts, text) => {
    expect(runChip(aRun({ verdict, counts })).text).toBe(text)
  })
})

describe('beside a chip', () => {
  it('stands how much is missing, and what could not be taken into account', () => {
    const early = aHealthyRun({ verdict: 'too early', enough: { records: 3, wanted: 10 } })
    expect(runReservation(early)).toBe('3 of 10 records')
    const reservation = 'no loss recorded, 5 symptoms not judged'
    expect(runReservation({ ...early, reservation })).toBe(`3 of 10 records, ${reservation}`)
    expect(runReservation(aRun({ reservation }))).toBe(reservation)
    expect(runReservation(aRun())).toBe('')
  })
})

describe('the verdict', () => {
  const say = (runs: Run[], selected: string | null = null) => verdictSentence(runs, selected)

  it('is what the server says of the run to look at first', () => {
    const first = aRun({ run: 'first', rank: 0, headline: 'd1/kernel has held NaN since step 40.' })
    const second = aRun({ run: 'second', rank: 1, verdict: 'warning' })
    expect(say([aHealthyRun(), second, first])).toEqual({
      text: 'first: d1/kernel has held NaN since step 40.',
      tone: 'critical',
      run: first,
    })
  })

  it('is about the selected run', () => {
    const { text, tone } = say([aRun(), aHealthyRun()], 'cnn_healthy')
    expect([text, tone]).toEqual(['cnn_healthy: Healthy so far.', 'healthy'])
  })

  it('says so when the filter leaves no run', () => {
    expect(say([])).toEqual({ text: 'No run passes the filter', tone: 'unknown', run: null })
  })

  it('does not begin with the dot that the run at the root is called by', () => {
    expect(say([aHealthyRun({ run: '.' })]).text).toBe('This run: Healthy so far.')
  })

  const healthy = aHealthyRun()
  const early = aHealthyRun({ run: 'young', verdict: 'too early' })
  const silent = aHealthyRun({ run: 'new', verdict: 'unknown', records: 0 })
  it.each([
    [[healthy, healthy], 'All 2 runs look healthy', 'healthy'],
    [[healthy, silent], '1 of 2 runs looks healthy, 1 without data yet', 'healthy'],
    [
      [healthy, healthy, early, silent],
      '2 of 4 runs look healthy, too early to say of 1, 1 without data yet',
      'healthy',
    ],
    [[early, early], 'Too early to say of all 2 runs', 'unknown'],
    [[early, silent, silent], 'Too early to say of 1 of 3 runs, 2 without data yet', 'unknown'],
    [[silent, silent], 'None of the 2 runs has recorded anything yet', 'unknown'],
  ] as const)('of several calm runs is of all of them', (runs, text, tone) => {
    expect(say([...runs])).toEqual({ text, tone, run: null })
  })

  it('keeps what it could not take into account', () => {
    const reserved = aHealthyRun({ reservation: 'no loss recorded' })
    expect(say([reserved, reserved]).text).toBe('All 2 runs look healthy; no loss recorded')
    expect(say([reserved, healthy]).text).toBe('All 2 runs look healthy; 1 with reservations')
  })
})

describe('age', () => {
  it('is told by the server, and a run that recorded within the minute is live', () => {
    const run = aRun({ last_wall_time: 1000 })
    expect(runAge(run, 1_059_000)).toBe('live')
    expect(runAge(run, 1_061_000)).toBe('1\u00a0min ago')
    expect(runAge(run, 1_000_000 + 3 * 86_400_000)).toBe('3\u00a0days ago')
    expect(runAge(aRun({ last_wall_time: null }), 5)).toBeNull()
  })

  it('comes after how much is still to be read', () => {
    expect(loadingText({ done: false, bytes_read: 45, bytes: 99 })).toBe('reading, 45\u00a0%')
    expect(loadingText({ done: false, bytes_read: 0, bytes: 0 })).toBe('reading')
    expect(loadingText({ done: true, bytes_read: 9, bytes: 9 })).toBeNull()
  })
})

describe('the small line', () => {
  it('says how far, how the loss moved and what is watched', () => {
    expect(runFacts(aRun(), 1.7e12 + 180_000)).toEqual([
      'step 590',
      '3\u00a0min ago',
      'loss 2.310 → 2.300',
      '26 tensors watched',
      'recorded every 10 steps',
    ])
  })

  it('has what the verdict could not take into account, unless the headline says it', () => {
    const reservation = 'no loss recorded, 5 symptoms not judged'
    const of = (run: Run) => runFacts(run, 1.7e12).at(-1)
    expect(of(aRun({ reservation }))).toBe(reservation)
    const headline = `Healthy so far; ${reservation}.`
    expect(of(aHealthyRun({ reservation, headline }))).toBe('recorded every 10 steps')
  })

  it('leaves out what is unknown', () => {
    const bare = {
      last_step: null,
      last_wall_time: null,
      tensors: 0,
      every: null,
      loss: { first: null, last: null, non_finite_since: null },
    }
    expect(runFacts(aRun(bare), 1.7e12 + 180_000)).toEqual([])
  })
})

it.each([
  [{ first: 2.31, last: 2.3, non_finite_since: null }, '2.310 → 2.300'],
  [{ first: 3.374, last: null, non_finite_since: 343 }, '3.374 → NaN since 343'],
  [{ first: 3.374, last: 0.14, non_finite_since: 1343 }, '3.374 → NaN since 1,343'],
  [{ first: null, last: null, non_finite_since: 0 }, 'NaN since 0'],
  [{ first: null, last: null, non_finite_since: null }, null],
])('tells how the loss %o moved', (loss, text) => {
  expect(lossText(loss)).toBe(text)
})

it('calls a run without a verdict empty only when it has been read', () => {
  const loading = { done: false, bytes_read: 0, bytes: 100 }
  const unread = aRun({ run: 'late', verdict: 'unknown', loading })
  expect(runChip(unread).text).toBe('reading')
  expect(verdictSentence([unread], null).text).toBe('late: Not read yet.')
  expect(runChip(aRun({ verdict: 'unknown', loading: { ...loading, done: true } })).text).toBe(
    'no data',
  )
})

describe('all runs in a few words', () => {
  const sick = aRun({ run: 'a' })
  const young = aHealthyRun({ run: 'y', verdict: 'too early' })

  it('counts the sick ones, where there is anything to compare', () => {
    expect(sickSentence([sick, aHealthyRun()])).toBe('1 of 2 runs is sick')
    expect(sickSentence([sick, aRun({ run: 'b', verdict: 'warning' }), young])).toBe(
      '2 of 3 runs are sick',
    )
    expect(sickSentence([sick, aRun({ run: 'b' })])).toBe('All 2 runs are sick')
    expect([sickSentence([sick]), sickSentence([young, aHealthyRun()])]).toEqual([null, null])
  })

  it('counts the runs of each verdict, the worst first', () => {
    expect(verdictCounts([aHealthyRun(), young, sick, aRun({ run: 'b' })])).toEqual([
      { text: '2 critical', tone: 'critical' },
      { text: '1 healthy', tone: 'healthy' },
      { text: '1 too early', tone: 'unknown' },
    ])
  })
})
