/** Maps numbers to positions on a colour scale, and places the numbers of its legend. */

export interface ColourScale {
  logarithmic: boolean
  low: number
  high: number
  /** The position of a finite value, from 0 to 1. */
  position: (value: number) => number
  /** The numbers of the legend. */
  ticks: readonly { position: number; value: number }[]
}

/** The lower end of a wider range is cut off. */
const MAX_DECADES = 12

export function colourScale(values: Iterable<number>, logarithmic: boolean): ColourScale {
  let { low, high, smallestPositive } = extentOf(values)
  if (high < low) ({ low, high, smallestPositive } = { low: 0, high: 1, smallestPositive: 0.1 })
  // Linear scales start at zero, so that an almost constant share does not use all colours.
  if (!logarithmic || !(high > 0)) return linearScale(Math.min(low, 0), high)
  return logarithmicScale(Math.max(smallestPositive, high / 10 ** MAX_DECADES), high)
}

/** The minimum, maximum and smallest positive of the finite values; low > high if there are none. */
export function extentOf(values: Iterable<number>): {
  low: number
  high: number
  smallestPositive: number
} {
  let [low, high, smallestPositive] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
    if (value > 0 && value < smallestPositive) smallestPositive = value
  }
  return { low, high, smallestPositive }
}

function linearScale(low: number, high: number): ColourScale {
  const span = high - low
  const position = (value: number) => (span > 0 ? clamp((value - low) / span) : 0.5)
  const ticks = (span > 0 ? [low, low + span / 2, high] : [low]).map((value) => ({
    position: position(value),
    value,
  }))
  return { logarithmic: false, low, high, position, ticks }
}

function logarithmicScale(low: number, high: number): ColourScale {
  const [bottom, top] = [Math.log10(low), Math.log10(high)]
  const span = top - bottom
  const position = (value: number) => (span > 0 ? clamp((Math.log10(value) - bottom) / span) : 0.5)
  const every = Math.max(1, Math.ceil(span / 5))
  const ticks = []
  for (let power = Math.ceil(bottom); power <= top; power += every) {
    const value = Number(`1e${power}`) // 10 ** -4 is not 1e-4
    ticks.push({ position: position(value), value })
  }
  const few = ticks.length < 2 ? [{ position: position(low), value: low }] : ticks
  if (few !== ticks && high > low) few.push({ position: position(high), value: high })
  return { logarithmic: true, low, high, position, ticks: few }
}

function clamp(position: number): number {
  return Math.min(1, Math.max(0, position))
}

/** The mean of the finite values of a block's cell; the geometric mean on a logarithmic scale. */
export function meanOf(values: readonly number[], logarithmic: boolean): number {
  let [sum, n] = [0, 0]
  let bad = Number.NaN
  for (const value of values) {
    if (Number.isNaN(value)) continue
    if (!Number.isFinite(value)) bad = value
    else if (!logarithmic) {
      sum += value
      n++
    } else if (value > 0) {
      sum += Math.log(value)
      n++
    }
  }
  if (!Number.isNaN(bad)) return bad
  if (n > 0) return logarithmic ? Math.exp(sum / n) : sum / n
  return values.some((value) => value === 0) ? 0 : Number.NaN
}
