import { expect, it } from 'vitest'
import { aHealthyRun, aRun } from '../testing/samples'
import { parameterScale } from './parameter-scale'
import { lanesOf, stripPoints } from './strip'

const runs = [
  aRun({ run: 'a', hparams: { rate: 1 } }),
  aRun({ run: 'b', hparams: { rate: 1 } }),
  aHealthyRun({ run: 'c', hparams: { rate: 0.01 } }),
  aHealthyRun({ run: 'd', hparams: null }),
]

it('puts each run with a value into the lane of its verdict', () => {
  const lanes = lanesOf(runs)
  expect(lanes.map(({ title }) => title)).toEqual(['critical', 'healthy'])
  const scale = parameterScale([1, 0.01])
  const points = stripPoints(runs, 'rate', scale, lanes)
  expect(points.map(({ run, lane, position }) => [run, lane, position])).toEqual([
    ['a', 0, 1],
    ['b', 0, 1],
    ['c', 1, 0],
  ])
})

it('puts equal points above each other, and beside each other where there are many', () => {
  const lanes = lanesOf(runs)
  const points = stripPoints(runs, 'rate', parameterScale([1, 0.01]), lanes)
  expect(points.map(({ row }) => row)).toEqual([-1, 1, 0])
  const equal = Array.from({ length: 7 }, (_, i) => aRun({ run: `r${i}`, hparams: { rate: 1 } }))
  const many = stripPoints(equal, 'rate', parameterScale([1]), lanesOf(equal))
  expect(new Set(many.map(({ row, column }) => `${row} ${column}`)).size).toBe(7)
  expect(many.map(({ column }) => column)).toEqual([-1, -1, -1, 0, 0, 0, 1])
})
