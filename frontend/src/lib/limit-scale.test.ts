import { describe, expect, it } from 'vitest'
import type { Limit } from '../contract'
import { scaleOf } from './limit-scale'

function aLimit(fields: Partial<Limit>): Limit {
  const usual = fields.default ?? 1
  const limit = { name: 'threshold', meaning: '', minimum: 0, maximum: null }
  return { ...limit, integer: false, logarithmic: false, value: usual, default: usual, ...fields }
}

const LIMITS: [string, Limit][] = [
  ['a share', aLimit({ default: 0.25, maximum: 1 })],
  ['a z score', aLimit({ default: 6 })],
  ['a tiny ratio', aLimit({ default: 1e-6, logarithmic: true })],
  ['a small share', aLimit({ default: 0.01, maximum: 1, logarithmic: true })],
  ['a factor', aLimit({ default: 10, minimum: 1 })],
  ['a factor at its least', aLimit({ default: 1, minimum: 1 })],
  ['a count of layers', aLimit({ default: 3, minimum: 2, integer: true })],
  ['a count of steps', aLimit({ default: 1000, minimum: 1, integer: true })],
  ['a bounded count', aLimit({ default: 8, minimum: 2, maximum: 32, integer: true })],
  ['what is zero as a rule', aLimit({ default: 0 })],
  ['a rule file far beyond the default', aLimit({ default: 0.01, value: 50, logarithmic: true })],
]

describe.each(LIMITS)('the scale of %s', (_, limit) => {
  const scale = scaleOf(limit)
  const values = Array.from({ length: scale.last + 1 }, (_, notch) => scale.valueAt(notch))

  it('rises from notch to notch within the bounds', () => {
    expect(values.length).toBeGreaterThan(5)
    expect(values.length).toBeLessThan(300)
    for (let i = 1; i < values.length; i++) {
      expect(values[i], `notch ${i}`).toBeGreaterThan(values[i - 1] ?? Number.NaN)
    }
    expect(values[0]).toBeGreaterThanOrEqual(limit.minimum ?? 0)
    expect(values.at(-1)).toBeLessThanOrEqual(limit.maximum ?? Number.POSITIVE_INFINITY)
    if (limit.integer) expect(values.every(Number.isInteger)).toBe(true)
  })

  it('meets the default exactly and the rules in force nearly', () => {
    expect(scale.valueAt(scale.notchOf(limit.default))).toBe(limit.default)
    const inForce = scale.valueAt(scale.notchOf(limit.value))
    expect(Math.abs(inForce - limit.value)).toBeLessThanOrEqual(0.13 * limit.value)
  })

  it('finds the notch of each of its values', () => {
    const notches = values.map(scale.notchOf)
    expect(notches).toEqual(values.map((_, notch) => notch))
  })

  it('stays at its ends for what lies beyond', () => {
    expect(scale.notchOf(-1)).toBe(0)
    expect(scale.notchOf(1e12)).toBe(scale.last)
  })
})

it('gives equal factors on a logarithmic scale and equal steps on another', () => {
  const factors = scaleOf(aLimit({ default: 1e-3, logarithmic: true }))
  const at = factors.notchOf(1e-3)
  expect([factors.valueAt(at - 20), factors.valueAt(at + 20)]).toEqual([1e-4, 1e-2])
  const steps = scaleOf(aLimit({ default: 0.25, maximum: 1 }))
  expect([steps.valueAt(0), steps.valueAt(1), steps.valueAt(steps.last)]).toEqual([0, 0.01, 1])
})
