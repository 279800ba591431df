import { expect, it } from 'vitest'
import { aFinding, VANISHING } from '../testing/samples'
import { adviceFor, causeText, stateText } from './finding-text'

it('says of an open finding when it was seen last only if that was before the newest record', () => {
  const open = aFinding({ last_step: 480 })
  expect(stateText(open, 480)).toBe('open')
  // The flight recorder contains steps after the last record.
  expect(stateText(open, 470)).toBe('open')
  expect(stateText(open, 5_900)).toBe('open, last seen at step 480')
  expect(stateText(open, null)).toBe('open')
})

it('says when a finding was over', () => {
  const over = aFinding({ state: 'resolved', last_step: 380, resolved_step: 1_390 })
  expect(stateText(over, 5_900)).toBe('resolved at 1,390')
})

it('tells what follows from what, and what only began with it', () => {
  const origin = aFinding({ id: 'o', tensor: 'contrast' })
  expect(causeText(aFinding({ follows: 'o' }), origin)).toBe('follows from contrast')
  expect(causeText(aFinding({ follows: 'gone' }), null)).toBe('follows from the origin')
  expect(causeText(aFinding(), null)).toBe('at the same time')
})

it('gives advice in the words of the framework, and neutral ones without', () => {
  const symptom = { ...VANISHING, advice_by_framework: { torch: ['Use nn.ReLU'] } }
  expect(adviceFor(aFinding({ framework: 'torch' }), symptom)).toEqual(['Use nn.ReLU'])
  expect(adviceFor(aFinding({ framework: '' }), symptom)).toEqual(VANISHING.advice)
  expect(adviceFor(aFinding(), symptom)).toEqual(VANISHING.advice)
  expect(adviceFor(aFinding(), undefined)).toEqual([])
})
