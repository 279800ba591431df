import { expect, it } from 'vitest'
import { count, formatAgo, formatBesideLimit, formatStep, formatTick, formatValue } from './numbers'

it('groups the digits of a step', () => {
  expect(formatStep(4180)).toBe('4,180')
  expect(formatStep(0)).toBe('0')
  expect(formatStep(null)).toBe('–')
})

it.each([
  [0.00041, '4.1e-4'],
  [0.001, '1e-3'],
  [0, '0'],
  [37, '37'],
  [4096, '4,096'],
  [0.61, '0.61'],
  [2.3046, '2.3'],
  [-0.5, '-0.5'],
  [12345.6, '12,300'],
  [1.5e7, '1.5e7'],
  [1e100, '1e100'],
  [null, 'not finite'],
  [Number.NaN, 'not finite'],
  [Number.POSITIVE_INFINITY, '∞'],
])('writes %s as %s', (value, text) => {
  expect(formatValue(value)).toBe(text)
})

it('shortens large numbers on an axis', () => {
  expect([500, 4000, 12000, 2.5e6].map(formatTick)).toEqual(['500', '4,000', '12k', '2.5M'])
})

it('counts in English', () => {
  expect([count(1, 'warning'), count(3, 'warning'), count(1200, 'tensor')]).toEqual([
    '1 warning',
    '3 warnings',
    '1,200 tensors',
  ])
})

it('tells how long ago in the largest unit', () => {
  expect([100, 3400, 59_000, 125_000, 7_300_000, -5].map(formatAgo)).toEqual([
    'just now',
    '3 s ago',
    '59 s ago',
    '2 min ago',
    '2 h ago',
    'just now',
  ])
})

it('puts a value beside its limit, both in their unit', () => {
  expect([
    formatBesideLimit(86.4, 10),
    formatBesideLimit(0.614, 0.2, 'share'),
    formatBesideLimit(-0.00175, 0.1, 'share'),
    formatBesideLimit(14.23, 8, 'z'),
    formatBesideLimit(null, 0.2, 'share'),
    formatBesideLimit(64, null),
  ]).toEqual([
    '86.4 / 10',
    '61\u00a0% / 20\u00a0%',
    '-0.18\u00a0% / 10\u00a0%',
    'z\u00a014.2 / 8',
    'not finite / 20\u00a0%',
    '64 / –',
  ])
})
