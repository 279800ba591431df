import { expect, it } from 'vitest'
import { aHealthyRun, aRun } from '../testing/samples'
import { nearestStop, parallelAxes, parallelLines } from './parallel'
import { VERDICT } from './runs-within'

const runs = [
  aRun({ run: 'a', hparams: { rate: 1, optimizer: 'sgd' } }),
  aRun({ run: 'b', hparams: { rate: 0.1, optimizer: 'adam' } }),
  aHealthyRun({ run: 'c', hparams: { rate: 0.01, optimizer: 'adam' } }),
  aHealthyRun({ run: 'd', hparams: { rate: 0.01 } }),
]
const axes = parallelAxes(runs, ['optimizer', 'rate'])
const lines = parallelLines(runs, axes)

it('has an axis for each hyper-parameter, and the verdict as the last one', () => {
  expect(axes.map(({ name }) => name)).toEqual(['optimizer', 'rate', VERDICT])
  expect(axes.map(({ stops }) => stops.map(({ bound }) => bound))).toEqual([
    ['adam', 'sgd'],
    ['0.01', '0.1', '1'],
    ['healthy', 'critical'],
  ])
  expect(axes.map(({ gaps }) => gaps)).toEqual([true, false, false])
})

it('has its stops from the bottom to the top', () => {
  for (const { stops } of axes) {
    const positions = stops.map(({ position }) => position)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  }
})

it('leads each run through its values', () => {
  const [rate, verdict] = [1, 2].map((axis) => lines.map(({ places }) => places[axis]))
  expect(rate).toEqual([1, 0.5, 0, 0])
  expect(verdict?.[0]).toBeGreaterThan(verdict?.[2] ?? 1)
  expect(lines[3]?.places[0]).toBeNull()
})

it('spreads the lines of one value in the order in which they come, within its room', () => {
  const [a, b, c, d] = lines.map(({ places }) => places[2] ?? Number.NaN)
  // c and d are healthy and come from the same rate; b comes from below a.
  expect(b).toBeLessThan(a as number)
  expect(c).not.toBe(d)
  expect(Math.max(c as number, d as number)).toBeLessThan(0.5)
  expect(Math.min(a as number, b as number)).toBeGreaterThan(0.5)
})

it('finds the stop nearest to a place', () => {
  const stops = axes[1]?.stops ?? []
  expect([-3, 0.2, 0.3, 0.9].map((place) => nearestStop(stops, place))).toEqual([0, 0, 1, 2])
})
