/** What an axis of values spans: all of them with some air, and not more than there can be. */

import type { Unit } from '../contract'

/** Some air above and below; a constant gets a band around it instead of an empty scale. */
export function valueRange(low: number | null, high: number | null, unit: Unit): [number, number] {
  if (low === null || high === null) return [0, 1]
  const air = high > low ? 0.08 * (high - low) : Math.abs(high) * 0.1 || 1
  return [low >= 0 && low - air < 0 ? 0 : low - air, capped(high + air, high, unit)]
}

/** The same in whole powers of ten. */
export function decadeRange(low: number | null, high: number | null, unit: Unit): [number, number] {
  if (low === null || high === null) return [0.1, 1]
  const air = 0.2
  const top = powerOfTen(Math.ceil(Math.log10(high) + air))
  return [powerOfTen(Math.floor(Math.log10(low) - air)), capped(top, high, unit)]
}

/** A share is at most the whole. One that is relative to something smaller may be more, and must be seen. */
function capped(top: number, high: number, unit: Unit): number {
  return unit === 'share' && high <= 1 ? Math.min(1, top) : top
}

function powerOfTen(power: number): number {
  return Number(`1e${power}`) // 10 ** -4 is not 1e-4
}
