import { expect, it } from 'vitest'
import { aRun } from '../testing/samples'
import { groupRuns } from './run-groups'
import type { Parameter } from './run-matrix'

const rows = (values: (Parameter | undefined)[]) =>
  values.map((value, i) => ({
    run: aRun({ run: `run_${i}`, hparams: value === undefined ? null : { p: value } }),
    cells: new Map(),
    against: null,
  }))

const grouped = (values: (Parameter | undefined)[]) =>
  groupRuns(rows(values), 'p').map(({ title, rows }) => [title, rows.map(({ run }) => run.run)])

it('makes a group of each value in natural order, and one of the runs without a value', () => {
  expect(grouped(['b', 'a', undefined, 'b'])).toEqual([
    ['a', ['run_1']],
    ['b', ['run_0', 'run_3']],
    ['not set', ['run_2']],
  ])
  expect(grouped([64, 8, 128]).map(([title]) => title)).toEqual(['8', '64', '128'])
})

it('groups many numbers over several powers of ten by powers of ten', () => {
  const rates = Array.from({ length: 20 }, (_, i) => 10 ** (-4 + i / 5))
  const groups = grouped([0, ...rates])
  expect(groups.map(([title]) => title)).toEqual([
    '0',
    '1e-4 to below 1e-3',
    '1e-3 to below 0.01',
    '0.01 to below 0.1',
    '0.1 to below 1',
  ])
  expect(groups.slice(1).map(([, runs]) => runs?.length)).toEqual([5, 5, 5, 5])
})

it('groups many near numbers by equal ranges between round numbers', () => {
  const groups = grouped(Array.from({ length: 11 }, (_, i) => i))
  expect(groups.map(([title]) => title)).toEqual([
    '0 to below 2',
    '2 to below 4',
    '4 to below 6',
    '6 to below 8',
    '8 to below 10',
    '10 to below 12',
  ])
  expect(groups.map(([, runs]) => runs?.length)).toEqual([2, 2, 2, 2, 2, 1])
  const shares = grouped(Array.from({ length: 10 }, (_, i) => 0.11 + i / 37))
  expect(shares[0]?.[0]).toBe('0.1 to below 0.15')
})
