/** The scale of a limit's slider: notches at equal steps or at equal factors. */

import type { Limit } from '../contract'

export interface Scale {
  /** The last notch; the first is 0. */
  readonly last: number
  readonly valueAt: (notch: number) => number
  /** The notch nearest to a value, clamped to the first and last. */
  readonly notchOf: (value: number) => number
}

const NOTCHES_A_DECADE = 20
/** The range of a slider around the default if the limit has no bound. */
const DECADES_REACH = 100
const FACTOR_REACH = 10
const STEP_REACH = 4
/** The range of a slider with a default of zero. */
const COUNT_REACH = 100

/**
 * The ends depend on the limit only, not on the tried value, so that they do not move during a drag.
 * Values beyond them are entered in the number field.
 */
export function scaleOf(limit: Limit): Scale {
  return limit.default > 0 && (limit.logarithmic || isFactor(limit))
    ? factorScale(limit)
    : stepScale(limit)
}

/** A factor of at least 1, such as "10 times the median". */
function isFactor({ minimum, integer }: Limit): boolean {
  return minimum !== null && minimum >= 1 && !integer
}

function factorScale(limit: Limit): Scale {
  const { default: defaultValue, value, minimum, maximum } = limit
  const reach = isFactor(limit) ? FACTOR_REACH : DECADES_REACH
  const lowest = minimum !== null && minimum > 0 ? minimum : defaultValue / DECADES_REACH
  const low = value > 0 ? Math.min(lowest, value) : lowest
  const high = Math.max(Math.min(maximum ?? Number.POSITIVE_INFINITY, defaultValue * reach), value)
  const below = notchesFrom(low, defaultValue)
  const last = below + notchesFrom(defaultValue, high)
  return {
    last,
    valueAt: (notch) => {
      if (notch === below) return defaultValue
      const exact = defaultValue * 10 ** ((notch - below) / NOTCHES_A_DECADE)
      return clamp(Number(exact.toPrecision(2)), low, high)
    },
    notchOf: (value) =>
      value <= low
        ? 0
        : clamp(below + Math.round(NOTCHES_A_DECADE * Math.log10(value / defaultValue)), 0, last),
  }
}

function notchesFrom(low: number, high: number): number {
  // A rounding error does not add a notch.
  return Math.ceil(NOTCHES_A_DECADE * Math.log10(high / low) - 1e-9)
}

function stepScale({ default: defaultValue, value, minimum, maximum, integer }: Limit): Scale {
  const low = Math.min(minimum ?? 0, value)
  const reach = defaultValue > 0 ? defaultValue * STEP_REACH : COUNT_REACH
  const high = Math.max(maximum ?? reach, value, low + 1)
  const fine = niceBelow((high - low) / 100)
  const step = integer || defaultValue === 0 ? Math.max(1, fine) : fine
  // Starts at a multiple of the step, so that the notches are round numbers.
  const first = Math.floor(low / step)
  const last = Math.ceil(high / step - 1e-9) - first
  return {
    last,
    valueAt: (notch) => clamp(Number(((first + notch) * step).toPrecision(10)), low, high),
    notchOf: (value) => clamp(Math.round(value / step) - first, 0, last),
  }
}

/** The largest of 1, 2, 5, 10, 20... that is not above the size. */
function niceBelow(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size))
  return power * ([5, 2].find((times) => times * power <= size * (1 + 1e-9)) ?? 1)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
