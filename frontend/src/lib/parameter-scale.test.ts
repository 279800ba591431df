import { expect, it } from 'vitest'
import { parameterScale } from './parameter-scale'

it('is logarithmic for values over several powers of ten', () => {
  const scale = parameterScale([1e-4, 1e-3, 1e-2, 1])
  expect(scale.kind).toBe('logarithmic')
  expect(scale.position(1e-4)).toBe(0)
  expect(scale.position(1e-2)).toBeCloseTo(0.5)
  expect(scale.position(1)).toBeCloseTo(1)
  expect(scale.ticks.map(({ text }) => text)).toEqual(['1e-4', '1e-3', '0.01', '0.1', '1'])
})

it('gives zero a place of its own beside powers', () => {
  const scale = parameterScale([0, 1e-5, 1e-2])
  expect(scale.kind).toBe('zero and powers')
  expect(scale.position(0)).toBe(0)
  expect(scale.position(1e-5)).toBeGreaterThan(0.1)
  expect(scale.position(1e-2)).toBeCloseTo(1)
})

it('is linear for near and for negative values', () => {
  expect(parameterScale([0.1, 0.2, 0.3]).kind).toBe('linear')
  expect(parameterScale([-100, 0.1, 500]).kind).toBe('linear')
  expect(parameterScale([4, 8]).ticks.map(({ text }) => text)).toEqual(['4', '8'])
  expect(parameterScale([7]).position(7)).toBe(0.5)
})

it('has one place per text, in natural order, and none for a missing value', () => {
  const scale = parameterScale(['net_10', 'net_2', undefined, 'net_2'])
  expect(scale.kind).toBe('values')
  expect(scale.ticks.map(({ text }) => text)).toEqual(['net_2', 'net_10'])
  expect(scale.position('net_2')).toBe(0.25)
  expect(scale.position(undefined)).toBeNull()
})

it('treats mixed and non-finite values as texts', () => {
  expect(parameterScale([1, 'auto']).kind).toBe('values')
  expect(parameterScale([true, false]).ticks.map(({ text }) => text)).toEqual(['false', 'true'])
})
