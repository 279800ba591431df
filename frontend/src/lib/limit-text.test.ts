import { expect, it } from 'vitest'
import { VANISHING_RULES } from '../testing/samples'
import { formatLimit, parseLimit, plainMeaning } from './limit-text'

const [threshold, largestStep, layers] = VANISHING_RULES.limits as [
  (typeof VANISHING_RULES.limits)[0],
  (typeof VANISHING_RULES.limits)[0],
  (typeof VANISHING_RULES.limits)[0],
]

it('writes every digit that was set, and reads them again', () => {
  for (const value of [0, 1, 1000, 0.001, 0.25, 1.2345e-7, 6, 12345.678]) {
    expect(parseLimit(formatLimit(value), { ...threshold, maximum: null })).toEqual({ value })
  }
  expect([1e-6, 0.001, 1000, 2e12].map(formatLimit)).toEqual(['1e-6', '0.001', '1000', '2e12'])
})

it('says what is wrong with what was typed', () => {
  for (const text of ['', 'much', '1,5', 'Infinity', 'NaN']) {
    expect(parseLimit(text, threshold)).toEqual({ problem: 'Write a number.' })
  }
  expect(parseLimit('2.5', layers)).toEqual({ problem: 'Write a whole number.' })
  expect(parseLimit('1', layers)).toEqual({ problem: 'At least 2.' })
  expect(parseLimit(' −1 ', threshold)).toEqual({ problem: 'At least 0.' })
  expect(parseLimit('1.01', largestStep)).toEqual({ problem: 'At most 1.' })
})

it('has no code in what is for people', () => {
  expect(plainMeaning('within `recurrence_steps` of it')).toBe('within “recurrence steps” of it')
})
