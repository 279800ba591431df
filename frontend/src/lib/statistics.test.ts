import { expect, it } from 'vitest'
import type { Tensor } from '../contract'
import { chosenStatistic, columnName, formatStatistic, statisticsOf, unitOf } from './statistics'

const tensor = (fields: Partial<Tensor>): Tensor => ({
  tensor: 'd/kernel',
  layer: 'd',
  kind: 'gradient',
  role: 'kernel',
  depth: 0,
  shape: [2],
  dtype: 'float32',
  activation: '',
  columns: ['mean', 'rms', 'bad_ago', 'window'],
  magnitudes: false,
  not_measured: '',
  ...fields,
})

it('offers what the run has measured, what is asked for most first, by names that people use', () => {
  const statistics = statisticsOf([
    tensor({ kind: 'update', columns: ['rms'], derived: ['update_ratio'] }),
    tensor({}),
    tensor({ kind: 'weight', not_measured: 'frozen' }),
    tensor({ kind: 'loss', columns: ['mean'] }),
    tensor({ kind: 'input', columns: ['constant_fraction'] }),
  ])
  expect(statistics.map(formatStatistic)).toEqual([
    'gradient.rms',
    'gradient.mean',
    'update.rms',
    'update.update_ratio',
    'input.constant_fraction',
  ])
  expect(['constant_fraction', 'rms'].map(unitOf)).toEqual(['share', ''])
  expect(columnName('update_ratio')).toBe('update / weight')
})

it('takes the first where the chosen one is not there', () => {
  const all = statisticsOf([tensor({})])
  expect(chosenStatistic(all, 'gradient.mean')?.column).toBe('mean')
  expect(chosenStatistic(all, 'activation.dead_fraction')?.column).toBe('rms')
  expect(chosenStatistic([], 'x')).toBeNull()
})
