/** The range of a value axis: all values with a margin, within the possible values. */

import type { Unit } from '../contract'

/** Values closer than this, as a share of their size, are one: no axis has ticks between them. */
const ONE = 1e-9

/** Adds a margin above and below; a constant gets a range around it. */
export function valueRange(low: number | null, high: number | null, unit: Unit): [number, number] {
  if (low === null || high === null) return [0, 1]
  const apart = high - low > ONE * Math.max(Math.abs(low), Math.abs(high))
  const air = apart ? 0.08 * (high - low) : Math.abs(high) * 0.1 || 1
  return [low >= 0 && low - air < 0 ? 0 : low - air, capped(high + air, high, unit)]
}

/** The range in whole powers of ten. */
export function decadeRange(low: number | null, high: number | null, unit: Unit): [number, number] {
  if (low === null || high === null) return [0.1, 1]
  const air = 0.2
  const top = powerOfTen(Math.ceil(Math.log10(high) + air))
  return [powerOfTen(Math.floor(Math.log10(low) - air)), capped(top, high, unit)]
}

const FLOAT32 = 2 ** -22

/** A share is limited to 1, unless a value above 1 occurs; float32 may be a little above it. */
function capped(top: number, high: number, unit: Unit): number {
  return unit === 'share' && high <= 1 + FLOAT32 ? Math.min(1, top) : top
}

function powerOfTen(power: number): number {
  return Number(`1e${power}`) // 10 ** -4 is not 1e-4
}
