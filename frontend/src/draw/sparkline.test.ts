import { expect, it } from 'vitest'
import { sparklinePath } from './sparkline'

it('spans its box', () => {
  expect(sparklinePath([0, 5, 10], 80, 20, false)).toBe('M0 20L40 10L80 0')
})

it('draws powers of ten evenly where the symptom is logarithmic', () => {
  expect(sparklinePath([1, 0.1, 0.01], 80, 20, true)).toBe('M0 0L40 10L80 20')
})

it('leaves a gap where there is no number, and a dot for a lone one', () => {
  expect(sparklinePath([0, 10, null, 5], 60, 20, false)).toBe('M0 20L20 0M60 10h.01')
  expect(sparklinePath([0, null, Number.POSITIVE_INFINITY, -1], 60, 20, true)).toBe('')
})

it('puts a constant in the middle', () => {
  expect(sparklinePath([3, 3], 80, 20, false)).toBe('M0 10L80 10')
  expect(sparklinePath([3], 80, 20, false)).toBe('M40 10h.01')
})

it('does not blow up noise', () => {
  expect(sparklinePath([100, 101, 100], 80, 20, false)).toBe('M0 11L40 9L80 11')
  expect(sparklinePath([1, 10 ** 0.1, 1], 80, 20, true)).toBe('M0 11L40 9L80 11')
})
