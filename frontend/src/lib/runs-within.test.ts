import { expect, it } from 'vitest'
import { aHealthyRun, aRun } from '../testing/samples'
import { rangeText, runsWithin, VERDICT, withRange } from './runs-within'
import type { ValueRanges } from './value-ranges'

const runs = [
  aRun({ run: 'a', hparams: { rate: 0.1, layers: 2, optimizer: 'sgd' } }),
  aRun({ run: 'b', verdict: 'warning', hparams: { rate: 0.01, layers: 10, optimizer: 'adam' } }),
  aHealthyRun({ run: 'c', hparams: { rate: 1e-4, layers: 4, optimizer: 'adam' } }),
  aHealthyRun({ run: 'd', hparams: null }),
]

const within = (ranges: ValueRanges) => runsWithin(runs, ranges).map(({ run }) => run)

it('leaves the runs within all ranges, ends included', () => {
  expect(within({})).toEqual(['a', 'b', 'c', 'd'])
  expect(within({ rate: ['0.01', ''] })).toEqual(['a', 'b'])
  expect(within({ rate: ['', '1e-4'] })).toEqual(['c'])
  expect(within({ rate: ['0.0001', '0.01'], optimizer: ['adam', 'adam'] })).toEqual(['b', 'c'])
})

it('compares numbers as numbers, texts as texts, and verdicts by how bad they are', () => {
  expect(within({ layers: ['3', '9'] })).toEqual(['c'])
  expect(within({ optimizer: ['b', 'z'] })).toEqual(['a'])
  expect(within({ [VERDICT]: ['warning', ''] })).toEqual(['a', 'b'])
  expect(within({ [VERDICT]: ['', 'healthy'] })).toEqual(['c', 'd'])
})

it('has no run in a range of a value that none has, or that is no number', () => {
  expect(within({ gone: ['1', ''] })).toEqual([])
  expect(within({ rate: ['much', ''] })).toEqual([])
})

it('says a range', () => {
  expect(rangeText('rate', ['0.0001', '0.1'])).toBe('rate 1e-4 to 0.1')
  expect(rangeText('rate', ['0.1', ''])).toBe('rate from 0.1')
  expect(rangeText('rate', ['', '1500'])).toBe('rate up to 1,500')
  expect(rangeText('optimizer', ['adam', 'adam'])).toBe('optimizer adam')
  expect(rangeText(VERDICT, ['warning', ''])).toBe('health from warning')
})

it('is no range when both ends are open', () => {
  const ranges = withRange({ rate: ['1', ''] }, 'layers', ['', '4'])
  expect(ranges).toEqual({ rate: ['1', ''], layers: ['', '4'] })
  expect(withRange(ranges, 'rate', ['', ''])).toEqual({ layers: ['', '4'] })
})
