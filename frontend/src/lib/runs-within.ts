/** The runs whose hyper-parameters lie within ranges. */

import type { Run } from '../contract'
import { formatValue } from './numbers'
import type { Parameter } from './run-matrix'
import { LANES, toneOf } from './strip'
import type { ValueRange, ValueRanges } from './value-ranges'

/** The name of the verdict among the hyper-parameters, none of which is nameless. */
export const VERDICT = ''

/** The verdicts, from the worst on. */
const VERDICTS = LANES.map(({ title }) => title)

export function givenValue(run: Run, name: string): Parameter | null | undefined {
  if (name !== VERDICT) return run.hparams?.[name]
  const tone = toneOf(run.verdict)
  return LANES.find((lane) => lane.tone === tone)?.title
}

/** The runs whose values lie within all ranges; a run without a value is in no range of it. */
export function runsWithin(runs: readonly Run[], ranges: ValueRanges): readonly Run[] {
  const tests = Object.entries(ranges).map(([name, range]) => {
    const compare = orderOf(
      name,
      runs.map((run) => givenValue(run, name)),
    )
    return (run: Run) => isWithin(givenValue(run, name), range, compare)
  })
  return tests.length === 0 ? runs : runs.filter((run) => tests.every((test) => test(run)))
}

type Order = (a: Parameter, b: Parameter) => number

const { compare: natural } = new Intl.Collator('en', { numeric: true })

/** The order of a hyper-parameter's values: that of numbers, else that of texts. */
export function orderOf(name: string, values: readonly (Parameter | null | undefined)[]): Order {
  if (name === VERDICT) return (a, b) => VERDICTS.indexOf(String(b)) - VERDICTS.indexOf(String(a))
  const given = values.filter((value) => value !== null && value !== undefined)
  const numeric = given.every((value) => typeof value === 'number' && Number.isFinite(value))
  return numeric ? (a, b) => Number(a) - Number(b) : (a, b) => natural(String(a), String(b))
}

function isWithin(
  value: Parameter | null | undefined,
  [from, to]: ValueRange,
  compare: Order,
): boolean {
  if (value === null || value === undefined) return false
  return (from === '' || compare(value, from) >= 0) && (to === '' || compare(value, to) <= 0)
}

/** The ranges with one of them replaced; a range that is open at both ends is none. */
export function withRange(ranges: ValueRanges, name: string, range: ValueRange): ValueRanges {
  const { [name]: _, ...others } = ranges
  return range[0] === '' && range[1] === '' ? others : { ...others, [name]: range }
}

/** "learning_rate 0.001 to 0.1", "depth from 4", "optimizer adam". */
export function rangeText(name: string, range: ValueRange): string {
  return `${name === VERDICT ? 'health' : name} ${boundsText(range)}`
}

export function boundsText([from, to]: ValueRange): string {
  const [a, b] = [boundText(from), boundText(to)]
  if (from === to) return a
  if (from === '') return `up to ${b}`
  return to === '' ? `from ${a}` : `${a} to ${b}`
}

/** A bound as a person reads it. */
export function boundText(bound: string): string {
  return /^-?\d*\.?\d+(e[-+]?\d+)?$/.test(bound) ? formatValue(Number(bound)) : bound
}
