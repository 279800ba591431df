import { describe, expect, it } from 'vitest'
import {
  type Axis,
  axesOf,
  axisTicks,
  formatDuration,
  placeOf,
  STEP_AXIS,
  stepAtPlace,
} from './x-axis'

const steps = [0, 10, 20, 30]
const times = [1000, 1010, 1070, 1080]

const named = (name: string, axes: Axis[]) => axes.find((axis) => axis.name === name) as Axis

describe('the axes of a run', () => {
  it('are those that its records allow', () => {
    expect(axesOf(steps, times, [0, 0.5, 1, 1.5]).map(({ name }) => name)).toEqual([
      'step',
      'time',
      'epoch',
    ])
    const nothing = [Number.NaN, Number.NaN, Number.NaN, Number.NaN]
    expect(axesOf(steps, [5, 5, 5, 5], nothing).map(({ name }) => name)).toEqual(['step'])
    expect(axesOf([], undefined, undefined)).toHaveLength(1)
  })

  it('place a step at its time, between records and beyond them', () => {
    const time = named('time', axesOf(steps, times, undefined))
    expect([0, 10, 15, 30, 40].map(time.at)).toEqual([0, 10, 40, 80, 90])
    expect([0, 10, 40, 80].map(time.stepAt)).toEqual([0, 10, 15, 30])
    expect(time.read(20)).toBe('1 min 10 s (step 20)')
  })

  it('leave out records of a clock that was set back', () => {
    const time = named('time', axesOf(steps, [1000, 1010, 900, 1030], undefined))
    expect(time.at(20)).toBe(20)
  })

  it('turn places in a range into steps and back', () => {
    const time = named('time', axesOf(steps, times, undefined))
    const range = { from: 0, to: 30 }
    expect(placeOf(time, range, 15)).toBe(0.5)
    expect(stepAtPlace(time, range, 0.5)).toBe(15)
    expect(placeOf(STEP_AXIS, range, 15)).toBe(0.5)
  })
})

it('has ticks at round numbers of its unit', () => {
  const time = named('time', axesOf([0, 100], [0, 7200], undefined))
  expect(axisTicks(time, { from: 0, to: 100 }, 4).map(time.tick)).toEqual([
    '0 s',
    '30 min',
    '1 h',
    '1 h 30 min',
    '2 h',
  ])
  expect(axisTicks(STEP_AXIS, { from: 5, to: 45 }, 4)).toEqual([10, 20, 30, 40])
})

it.each([
  [0.4, '0.4 s'],
  [45, '45 s'],
  [3600, '1 h'],
  [90_000, '1 day 1 h'],
  [172_800, '2 days'],
])('writes %s seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})
