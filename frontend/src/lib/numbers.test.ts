import { expect, it } from 'vitest'
import {
  count,
  formatAgo,
  formatBesideLimit,
  formatMeasured,
  formatStep,
  formatStepTick,
  formatTick,
  formatValue,
} from './numbers'

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

it('writes the ticks of an axis of shares exactly', () => {
  const ticks = [0, 0.005, 0.57, 0.996, 1].map((tick) => formatTick(tick, 'share'))
  expect(ticks.map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
    '0 %',
    '0.5 %',
    '57 %',
    '99.6 %',
    '100 %',
  ])
  expect(formatTick(1e-4, 'ratio')).toBe('1e-4')
})

it('gives ticks as many digits as their distance needs', () => {
  const ticks = [2.305, 2.31, 2.315].map((tick) => formatTick(tick, '', 0.005))
  expect(ticks).toEqual(['2.305', '2.310', '2.315'])
  expect([0, 50, 100].map((tick) => formatTick(tick, '', 50))).toEqual(['0', '50', '100'])
  expect(formatTick(0.9985, 'share', 0.0005)).toBe('99.85\u00a0%')
  expect(formatTick(10, 'times')).toBe('10\u00a0×')
})

it('shortens large numbers on an axis', () => {
  expect([500, 4000, 12000, 2.5e6].map(formatStepTick)).toEqual(['500', '4,000', '12k', '2.5M'])
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
    '3\u00a0s ago',
    '59\u00a0s ago',
    '2\u00a0min ago',
    '2\u00a0h ago',
    'just now',
  ])
})

const beside = (...pair: Parameters<typeof formatBesideLimit>) =>
  formatBesideLimit(...pair).replaceAll('\u00a0', ' ')

it.each([
  [86.4, 10, '', '86.4 / 10'],
  [0.614, 0.2, 'share', '61 % / 20 %'],
  [-0.00175, 0.1, 'share', '-0.18 % / 10 %'],
  [14.23, 8, 'z', '14.2 / 8 × spread'],
  [64, 0, 'elements', '64 / 0 elements'],
  [1, 0, 'variables', '1 / 0 variables'],
  [12_288, 20, 'steps', '12,288 / 20 steps'],
  [86, 10, 'times', '86 × / 10 ×'],
  [0.00041, 0.001, 'ratio', '4.1e-4 / 1e-3'],
  [null, 0.2, 'share', 'not finite / 20 %'],
  [null, 0, 'elements', 'not finite / 0 elements'],
  [Number.POSITIVE_INFINITY, 10, 'times', '∞ / 10 ×'],
  [64, null, 'elements', '64 elements / –'],
  [64, null, '', '64 / –'],
] as const)('puts %s beside its limit %s in %j as %s', (value, threshold, unit, text) => {
  expect(beside(value, threshold, unit)).toBe(text)
})

it.each([
  [0, '0 %'],
  [-0, '0 %'],
  [1e-9, '< 0.01 %'],
  [0.00043, '0.043 %'],
  [0.0153, '1.5 %'],
  [0.0996, '10 %'],
  [0.614, '61 %'],
  [0.9949, '99 %'],
  [0.995, 'over 99 %'],
  [0.99999, 'over 99 %'],
  [1, '100 %'],
  [1.234, '123 %'],
  [-0.5, '-50 %'],
  [25, '2,500 %'],
])('writes the share %s as %s', (share, text) => {
  expect(formatMeasured(share, 'share').replaceAll('\u00a0', ' ')).toBe(text)
})

it('tells one number in its unit', () => {
  const told = [
    formatMeasured(1, 'elements'),
    formatMeasured(64, 'elements'),
    formatMeasured(14, 'z'),
    formatMeasured(86, 'times'),
    formatMeasured(-0),
  ]
  expect(told.map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
    '1 element',
    '64 elements',
    '14 × spread',
    '86 ×',
    '0',
  ])
})
