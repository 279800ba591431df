/** The horizontal axis of the charts: steps, the time since the first record, or epochs. */

import { count, formatStep, formatStepTick } from './numbers'
import type { Range } from './view-state'

export const AXES = ['step', 'time', 'epoch'] as const
export type AxisName = (typeof AXES)[number]

export interface Axis {
  name: AxisName
  /** The name of its numbers. */
  label: string
  /** The position of a step: the step itself, seconds, or epochs. */
  at: (step: number) => number
  stepAt: (position: number) => number
  /** The label of a tick. */
  tick: (position: number) => string
  /** The distances that ticks may have. */
  distances: readonly number[]
  /** A step as text in the unit of the axis. */
  read: (step: number) => string
}

const itself = (step: number) => step
const DECADES = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power))

export const STEP_AXIS: Axis = {
  name: 'step',
  label: 'step',
  at: itself,
  stepAt: itself,
  tick: (step) => (Number.isInteger(step) ? formatStepTick(step) : ''),
  distances: DECADES.flat(),
  read: (step) => `step ${formatStep(Math.round(step))}`,
}

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
const DURATIONS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 6, 12].map((n) => n * HOUR),
  ...DECADES.flat().map((n) => n * DAY),
]

/** The axes that the records allow: times need two different ones, epochs at least one that ended. */
export function axesOf(
  steps: ArrayLike<number>,
  wallTimes: ArrayLike<number> | undefined,
  epochs: ArrayLike<number> | undefined,
): Axis[] {
  const axes: Axis[] = [STEP_AXIS]
  const time = scaleOf(steps, wallTimes)
  if (time) {
    const start = time.at(steps[0] ?? 0)
    axes.push({
      name: 'time',
      label: 'time since the first record',
      at: (step) => time.at(step) - start,
      stepAt: (seconds) => time.stepAt(seconds + start),
      tick: formatDuration,
      distances: DURATIONS,
      read: (step) => `${formatDuration(time.at(step) - start)} (${STEP_AXIS.read(step)})`,
    })
  }
  const epoch = scaleOf(steps, epochs)
  if (epoch) {
    axes.push({
      name: 'epoch',
      label: 'epochs done',
      at: epoch.at,
      stepAt: epoch.stepAt,
      tick: (epochs) => String(Number(epochs.toFixed(2))),
      distances: [0.1, 0.2, 0.5, ...DECADES.flat()],
      read: (step) => `epoch ${epoch.at(step).toFixed(1)} (${STEP_AXIS.read(step)})`,
    })
  }
  return axes
}

/** Round positions in the range of an axis, about `number` of them. */
export function axisTicks(axis: Axis, range: Range, number: number): number[] {
  const [from, to] = [axis.at(range.from), axis.at(range.to)]
  const rough = (to - from) / Math.max(1, number)
  const distance = axis.distances.find((each) => each >= rough) ?? rough
  const ticks: number[] = []
  if (!(distance > 0)) return ticks
  for (let i = Math.ceil(from / distance); i * distance <= to; i++) ticks.push(i * distance)
  return ticks
}

/** The step's place in the range, from 0 to 1 within it. */
export function placeOf(axis: Axis, { from, to }: Range, step: number): number {
  const [left, right] = [axis.at(from), axis.at(to)]
  return right > left ? (axis.at(step) - left) / (right - left) : 0
}

/** The step at a place in the range. */
export function stepAtPlace(axis: Axis, { from, to }: Range, place: number): number {
  const [left, right] = [axis.at(from), axis.at(to)]
  return axis.stepAt(left + place * (right - left))
}

/** "45 s", "12 min", "1 h 30 min", "2 days 6 h". */
export function formatDuration(seconds: number): string {
  const size = Math.round(seconds)
  if (Math.abs(seconds) < 10 && seconds !== size) return `${Number(seconds.toFixed(1))} s`
  if (size < MINUTE) return `${size} s`
  if (size < HOUR) return parts(Math.floor(size / MINUTE), 'min', size % MINUTE, 's')
  if (size < DAY) {
    return parts(Math.floor(size / HOUR), 'h', Math.floor((size % HOUR) / MINUTE), 'min')
  }
  const rest = Math.floor((size % DAY) / HOUR)
  return count(Math.floor(size / DAY), 'day') + (rest > 0 ? ` ${rest} h` : '')
}

function parts(many: number, unit: string, few: number, smaller: string): string {
  return `${many} ${unit}${few > 0 ? ` ${few} ${smaller}` : ''}`
}

/** Linear between the records, and beyond them as between the outermost; null without two different values. */
function scaleOf(steps: ArrayLike<number>, values: ArrayLike<number> | undefined) {
  const known: [step: number, value: number][] = []
  for (let i = 0; i < steps.length; i++) {
    const [step, value] = [steps[i] as number, values?.[i] ?? Number.NaN]
    const last = known.at(-1)
    // Clocks that are set back, and records of one moment, add nothing.
    if (!Number.isFinite(value) || (last && (value <= last[1] || step <= last[0]))) continue
    known.push([step, value])
  }
  if (known.length < 2) return null
  const [a, b] = [known.map(([step]) => step), known.map(([, value]) => value)]
  return {
    at: (step: number) => interpolated(a, b, step),
    stepAt: (value: number) => interpolated(b, a, value),
  }
}

function interpolated(from: readonly number[], to: readonly number[], x: number): number {
  let [low, high] = [1, from.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((from[middle] as number) < x) low = middle + 1
    else high = middle
  }
  const [x0, x1] = [from[low - 1] as number, from[low] as number]
  const [y0, y1] = [to[low - 1] as number, to[low] as number]
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)
}
