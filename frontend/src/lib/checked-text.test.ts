import { expect, it } from 'vitest'
import type { Closest } from '../contract'
import { someChecks } from '../testing/samples'
import { closestText, judgedText, nearness, notJudged, stepsText } from './checked-text'

const closest = (fields: Partial<Closest>): Closest => ({
  ...(someChecks().closest as Closest),
  ...fields,
})
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

it('tells the steps and how many symptoms were judged', () => {
  expect(stepsText(someChecks())).toBe('steps 0 to 590')
  expect(stepsText(someChecks({ last_step: 0 }))).toBe('step 0')
  expect(stepsText(someChecks({ first_step: null, last_step: null }))).toBe('no step')
  expect(judgedText(someChecks())).toBe('1 symptom judged')
  const not_judged = [{ symptom: 'loss-spike', title: 'Loss spike', reason: 'no loss recorded' }]
  expect(judgedText(someChecks({ not_judged }))).toBe('1 symptom judged, 1 not')
})

it('gathers the symptoms that were not judged by their reasons', () => {
  const reason = 'no loss recorded'
  const not_judged = [
    { symptom: 'loss-spike', title: 'Loss spike', reason },
    { symptom: 'dead-units', title: 'Dead units', reason: 'no activation recorded' },
    { symptom: 'loss-stalled', title: 'Loss stalled', reason },
  ]
  expect(notJudged(someChecks({ not_judged }))).toEqual([
    { reason, titles: ['Loss spike', 'Loss stalled'] },
    { reason: 'no activation recorded', titles: ['Dead units'] },
  ])
})

it.each([
  [{}, '4e-3, a finding below 1e-3', 0.25],
  [
    { value: 0.12, threshold: 0.2, unit: 'share', direction: 'above' },
    '12 %, a finding above 20 %',
    0.6,
  ],
  [
    { value: 7, threshold: 8, unit: 'z', direction: 'above' },
    '7 × spread, a finding above 8 × spread',
    0.875,
  ],
  [
    { value: 0, threshold: 0, unit: 'elements', direction: 'above' },
    '0 elements, a finding above 0 elements',
    null,
  ],
  [{ value: 0.5, threshold: 0, direction: 'below' }, '0.5, a finding below 0', 0],
  [{ value: -0.1, threshold: 0.2, direction: 'above' }, '-0.1, a finding above 0.2', null],
  [{ value: null }, 'not finite, a finding below 1e-3', null],
  [{ threshold: null }, '4e-3', null],
] as const)('tells how near %o comes to its limit: %s', (fields, text, near) => {
  const nearest = nearness(closest(fields))
  expect(plain(closestText(closest(fields)))).toBe(text)
  if (near === null) expect(nearest).toBeNull()
  else expect(nearest).toBeCloseTo(near)
})
