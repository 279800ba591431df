/** Parallel coordinates: the runs as lines through their hyper-parameters to their verdict. */

import type { Run } from '../contract'
import { groupBy } from './filter'
import { type ParameterScale, parameterScale } from './parameter-scale'
import { boundText, givenValue, orderOf, VERDICT } from './runs-within'
import { LANES, type Lane, toneOf } from './strip'

/** A value that a bound of a range can have. */
export interface ParallelStop {
  /** From 0 to 1 along the axis. */
  position: number
  /** As in `ValueRange`. */
  bound: string
  /** As a person reads it. */
  text: string
}

export interface ParallelAxis {
  /** The hyper-parameter, or `VERDICT`. */
  name: string
  ticks: ParameterScale['ticks']
  /** In their order along the axis. */
  stops: readonly ParallelStop[]
  position: ParameterScale['position']
  /** How far lines of one value are spread to both sides, so that their number is seen; 0 for numbers. */
  spread: number
  /** Whether some run has no value: a place of its own below the axis. */
  gaps: boolean
}

export interface ParallelLine {
  run: string
  tone: Lane['tone']
  /** The place on each axis from 0 to 1; null without a value. */
  places: readonly (number | null)[]
}

/** The share of its room that a value's lines take. */
const SPREAD = 0.55

/** An axis for each name, and one for the verdict. */
export function parallelAxes(runs: readonly Run[], names: readonly string[]): ParallelAxis[] {
  return [...names, VERDICT].map((name) => {
    const values = runs.map((run) => givenValue(run, name))
    const given = values.filter((value) => value !== null && value !== undefined)
    const scale = name === VERDICT ? verdictScale(runs) : parameterScale(values)
    const stops = [...new Map(given.map((value) => [String(value), value])).values()]
      .sort(orderOf(name, values))
      .map((value) => ({
        position: scale.position(value) ?? 0,
        bound: String(value),
        text: boundText(String(value)),
      }))
    return {
      name,
      ticks: scale.ticks,
      stops,
      position: scale.position,
      spread: scale.kind === 'values' ? SPREAD / 2 / Math.max(1, stops.length) : 0,
      gaps: given.length < runs.length,
    }
  })
}

/** The verdicts that some run has, the worst at the top. */
function verdictScale(runs: readonly Run[]): ParameterScale {
  const found = new Set(runs.map(({ verdict }) => toneOf(verdict)))
  const titles = LANES.filter(({ tone }) => found.has(tone)).map(({ title }) => title)
  const place = (title: string) => 1 - (titles.indexOf(title) + 0.5) / titles.length
  return {
    kind: 'values',
    position: (value) => (titles.includes(String(value)) ? place(String(value)) : null),
    ticks: titles.map((text) => ({ position: place(text), text })),
  }
}

export function parallelLines(runs: readonly Run[], axes: readonly ParallelAxis[]): ParallelLine[] {
  const places = runs.map((): (number | null)[] => [])
  for (const [column, axis] of axes.entries()) {
    const positions = runs.map((run) => axis.position(givenValue(run, axis.name)))
    const shifts = axis.spread > 0 ? shiftsOf(positions, places, column - 1, axis.spread) : null
    positions.forEach((position, i) => {
      places[i]?.push(position === null ? null : position + (shifts?.get(i) ?? 0))
    })
  }
  return runs.map(({ run, verdict }, i) => ({
    run,
    tone: toneOf(verdict),
    places: places[i] ?? [],
  }))
}

/** Puts lines through one value beside each other, in the order in which they come, so that few cross. */
function shiftsOf(
  positions: readonly (number | null)[],
  places: readonly (readonly (number | null)[])[],
  before: number,
  spread: number,
): Map<number, number> {
  const shifts = new Map<number, number>()
  const lines = positions.flatMap((position, i) => (position === null ? [] : [{ position, i }]))
  for (const some of groupBy(lines, ({ position }) => String(position)).values()) {
    const from = ({ i }: { i: number }) => places[i]?.[before] ?? 0
    const sorted = [...some].sort((a, b) => from(a) - from(b))
    sorted.forEach(({ i }, rank) => {
      shifts.set(i, 2 * spread * ((rank + 0.5) / sorted.length - 0.5))
    })
  }
  return shifts
}

/** The stop nearest to a place along the axis. */
export function nearestStop(stops: readonly ParallelStop[], place: number): number {
  let nearest = 0
  stops.forEach(({ position }, i) => {
    const best = stops[nearest]?.position ?? 0
    if (Math.abs(position - place) < Math.abs(best - place)) nearest = i
  })
  return nearest
}
