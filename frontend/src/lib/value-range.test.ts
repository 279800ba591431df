import { expect, it } from 'vitest'
import { decadeRange, valueRange } from './value-range'

it('leaves some air around the values, but none below zero where nothing is', () => {
  expect(valueRange(1, 2, '')).toEqual([0.92, 2.08])
  expect(valueRange(0, 1, '')).toEqual([0, 1.08])
  expect(valueRange(-1, 1, '')).toEqual([-1.16, 1.16])
  expect(valueRange(3, 3, '')).toEqual([2.7, 3.3])
  expect(valueRange(0, 0, '')).toEqual([0, 1])
  expect(valueRange(null, null, '')).toEqual([0, 1])
})

it('ends at the whole where shares are drawn', () => {
  expect(valueRange(0, 1, 'share')).toEqual([0, 1])
  expect(valueRange(1, 1, 'share')).toEqual([0.9, 1])
  expect(valueRange(0.2, 0.97, 'share')[1]).toBe(1)
  expect(valueRange(0.2, 0.4, 'share')[1]).toBeCloseTo(0.416)
  expect(decadeRange(0.001, 0.9, 'share')).toEqual([1e-4, 1])
  expect(decadeRange(0.001, 1, 'share')).toEqual([1e-4, 1])
})

it('hides no relative share that is more than the whole', () => {
  expect(valueRange(0, 1.5, 'share')[1]).toBeGreaterThan(1.5)
  expect(decadeRange(0.01, 15, 'share')[1]).toBe(100)
})

it('spans whole powers of ten', () => {
  expect(decadeRange(0.02, 30, '')).toEqual([0.01, 100])
  expect(decadeRange(0.01, 0.9, '')).toEqual([1e-3, 10])
  expect(decadeRange(null, null, '')).toEqual([0.1, 1])
})

it('gives values that differ by rounding alone the range of a constant', () => {
  const [low, high] = valueRange(0.05, 0.05 + 7e-18, '')
  expect([low, high].map((end) => Number(end.toFixed(6)))).toEqual([0.045, 0.055])
  expect(valueRange(1, 1 + 1e-12, '')[0]).toBeCloseTo(0.9)
  expect(valueRange(1, 1 + 1e-6, '')[0]).toBeGreaterThan(0.9999)
})
