import { expect, it } from 'vitest'
import { aJudgement, aRun } from '../testing/samples'
import { effectsBySymptom, selectTrialRuns, trialSentence } from './rule-trial'

const summary = (symptom: string) => ({
  run: 'a',
  id: symptom,
  symptom,
  severity: 'warning' as const,
  kind: 'gradient',
  tensor: 'dense/kernel',
  layer: 'dense',
})
const one = summary('dead-units')
const changed = { ...one, before: 'critical' as const, after: 'info' as const }

it('says what changes in a sentence, and that nothing does', () => {
  expect(trialSentence(aJudgement())).toBe('nothing changes')
  expect(trialSentence(aJudgement({ added: [one], changed: [changed] }))).toBe(
    '+1 finding, 1 changes its severity',
  )
  expect(
    trialSentence(
      aJudgement({ added: [one, one], removed: [one, one, one], changed: [changed, changed] }),
    ),
  ).toBe('+2 findings, −3 findings, 2 change their severity')
})

it('counts what changes by symptom', () => {
  const judged = aJudgement({ added: [one, summary('loss-spike')], changed: [changed] })
  expect([...effectsBySymptom(judged)]).toEqual([
    ['dead-units', { added: 1, removed: 0, changed: 1 }],
    ['loss-spike', { added: 1, removed: 0, changed: 0 }],
  ])
})

const runs = (n: number, name = 'run') =>
  Array.from({ length: n }, (_, i) => aRun({ run: `${name}${i}` }))

it('names the runs it means, unless it means all', () => {
  expect(selectTrialRuns(runs(3), 3).names).toEqual([])
  expect(selectTrialRuns(runs(2), 3).names).toEqual(['run0', 'run1'])
  expect(selectTrialRuns([], 3)).toEqual({ runs: [], requested: 0, names: [] })
})

it('asks for no more than the server answers', () => {
  const many = selectTrialRuns(runs(340), 340)
  expect([many.runs.length, many.names.length, many.requested]).toEqual([100, 100, 340])
  const long = selectTrialRuns(runs(100, 'ü'.repeat(200)), 100)
  const asked = long.names.map((name) => `&run=${encodeURIComponent(name)}`).join('')
  expect(long.names.length).toBeGreaterThan(5)
  expect(asked.length).toBeLessThanOrEqual(24 << 10)
})
