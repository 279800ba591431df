import { expect, it } from 'vitest'
import { aHealthyRun, aRun } from '../testing/samples'
import { separationOf } from './separation'

const sick = (hparams: Record<string, number | string>) => aRun({ hparams })
const healthy = (hparams: Record<string, number | string>) => aHealthyRun({ hparams })

it('finds the number from which on runs are sick', () => {
  const runs = [
    ...[0.1, 0.2, 0.4].map((rate) => sick({ rate })),
    ...[0.001, 0.01, 0.02, 0.3].map((rate) => healthy({ rate })),
  ]
  const { strength, text } = separationOf(runs, 'rate')
  expect(strength).toBeCloseTo(3 / 3 - 1 / 4)
  expect(text).toBe('3 of 3 sick runs and 1 of 4 healthy at ≥ 0.1')
})

it('finds sick runs below a number too', () => {
  const runs = [sick({ width: 4 }), sick({ width: 8 }), healthy({ width: 64 })]
  expect(separationOf(runs, 'width').text).toBe('2 of 2 sick runs and 0 of 1 healthy at ≤ 8')
})

it('names the values with more sick runs than the average', () => {
  const runs = [
    sick({ kind: 'tanh' }),
    sick({ kind: 'sigmoid' }),
    healthy({ kind: 'relu' }),
    healthy({ kind: 'relu' }),
  ]
  expect(separationOf(runs, 'kind')).toEqual({
    strength: 1,
    text: '2 of 2 sick runs and 0 of 2 healthy at tanh, sigmoid',
  })
})

it('claims nothing for mixed runs, for one side only, and for undecided runs', () => {
  const mixed = [sick({ a: 1 }), healthy({ a: 1 }), sick({ a: 2 }), healthy({ a: 2 })]
  expect(separationOf(mixed, 'a')).toEqual({
    strength: 0,
    text: 'Sick and healthy runs are mixed',
  })
  expect(separationOf([sick({ a: 1 }), sick({ a: 2 })], 'a').text).toBe('No healthy run to compare')
  const young = aHealthyRun({ verdict: 'too early', hparams: { a: 2 } })
  expect(separationOf([sick({ a: 1 }), young], 'a').text).toBe('No healthy run to compare')
})

it('writes the split with few digits, and never so that it is untrue', () => {
  const split = (ill: number[], well: number[]) => {
    const runs = [...ill.map((a) => sick({ a })), ...well.map((a) => healthy({ a }))]
    return separationOf(runs, 'a').text.split('at ')[1]
  }
  expect(split([0.123456, 0.5], [0.001])).toBe('≥ 0.1')
  expect(split([0.123456, 0.5], [0.12])).toBe('≥ 0.123')
  expect(split([0.123456, 0.5], [0.123451])).toBe('≥ 0.123456')
  expect(split([0.123456, 0.001], [0.5])).toBe('≤ 0.2')
  expect(split([-5, -7], [2])).toBe('≤ -5')
  expect(split([0, -7], [2])).toBe('≤ 0')
})
