/** Places the values of a hyper-parameter on an axis: logarithmic, linear, or one place per value. */

import { formatValue } from './numbers'
import type { Parameter } from './run-matrix'

export interface ParameterScale {
  /** "zero and powers" is logarithmic with a place of its own for zero. */
  kind: 'logarithmic' | 'zero and powers' | 'linear' | 'values'
  /** From 0 to 1; null for a value that is not there. */
  position: (value: Parameter | null | undefined) => number | null
  ticks: readonly { position: number; text: string }[]
}

/** Values whose largest is more than this many times the smallest are drawn on a logarithmic scale. */
const WIDE = 30
/** The share of the axis left of the powers, for zero. */
const ZERO_SHARE = 0.14
/** Up to so many different numbers, each is written at the axis. */
const FEW = 5

const { compare: natural } = new Intl.Collator('en', { numeric: true })

export function parameterScale(values: readonly (Parameter | null | undefined)[]): ParameterScale {
  const given = values.filter((value) => value !== null && value !== undefined)
  const numbers = given.filter((value) => typeof value === 'number' && Number.isFinite(value))
  if (numbers.length < given.length || numbers.length === 0) return valueScale(given)
  const distinct = [...new Set(numbers as number[])].sort((a, b) => a - b)
  const positive = distinct.filter((value) => value > 0)
  const [low, high] = [positive[0] ?? 0, positive.at(-1) ?? 0]
  if (positive.length > 1 && high > WIDE * low && distinct.every((value) => value >= 0)) {
    return logarithmicScale(low, high, positive.length < distinct.length)
  }
  return linearScale(distinct)
}

function logarithmicScale(low: number, high: number, hasZero: boolean): ParameterScale {
  const from = hasZero ? ZERO_SHARE : 0
  const [bottom, span] = [Math.log10(low), Math.log10(high / low)]
  const place = (value: number) => from + ((Math.log10(value) - bottom) / span) * (1 - from)
  const every = Math.ceil(span / FEW)
  const ticks = hasZero ? [{ position: 0, text: '0' }] : []
  for (let power = Math.ceil(bottom - 1e-9); power <= bottom + span + 1e-9; power += every) {
    const value = Number(`1e${power}`) // 10 ** -4 is not 1e-4
    ticks.push({ position: clamp(place(value)), text: formatValue(value) })
  }
  return {
    kind: hasZero ? 'zero and powers' : 'logarithmic',
    position: (value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return null
      return value > 0 ? clamp(place(value)) : 0
    },
    ticks,
  }
}

function linearScale(distinct: readonly number[]): ParameterScale {
  const [low, high] = [distinct[0] ?? 0, distinct.at(-1) ?? 0]
  const place = (value: number) => (high > low ? (value - low) / (high - low) : 0.5)
  const written = distinct.length <= FEW ? distinct : [low, (low + high) / 2, high]
  return {
    kind: 'linear',
    position: (value) =>
      typeof value === 'number' && Number.isFinite(value) ? clamp(place(value)) : null,
    ticks: written.map((value) => ({ position: place(value), text: formatValue(value) })),
  }
}

function valueScale(given: readonly (Parameter | null | undefined)[]): ParameterScale {
  const texts = [...new Set(given.map(String))].sort(natural)
  const places = new Map(texts.map((text, i) => [text, (i + 0.5) / texts.length]))
  return {
    kind: 'values',
    position: (value) =>
      value === null || value === undefined ? null : (places.get(String(value)) ?? null),
    ticks: texts.map((text) => ({ position: places.get(text) ?? 0, text })),
  }
}

function clamp(position: number): number {
  return Math.min(1, Math.max(0, position))
}
