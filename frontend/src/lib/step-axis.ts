/** A range of steps on an axis: zoom, pan, ticks. */

import type { Range } from './view-state'

const MIN_STEPS = 2

/** Scales the range by a factor around a step; null if the result covers all steps. */
export function zoomed(range: Range, whole: Range, factor: number, around: number): Range | null {
  const width = (range.to - range.from) * factor
  const share = (around - range.from) / (range.to - range.from)
  return within({ from: around - share * width, to: around + (1 - share) * width }, whole)
}

export function panned(range: Range, whole: Range, steps: number): Range | null {
  return within({ from: range.from + steps, to: range.to + steps }, whole)
}

/** Rounds the range to whole steps and moves it inside the whole range. */
export function within(range: Range, whole: Range): Range | null {
  const width = Math.max(MIN_STEPS, Math.round(range.to - range.from))
  if (width >= whole.to - whole.from) return null
  const middle = (range.from + range.to) / 2
  const from = Math.round(Math.min(Math.max(middle - width / 2, whole.from), whole.to - width))
  return { from, to: from + width }
}

/** Round numbers in the range, about `count` of them. */
export function stepTicks({ from, to }: Range, count: number): number[] {
  const rough = (to - from) / Math.max(1, count)
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)))
  const every = Math.max(
    1,
    [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power,
  )
  const ticks: number[] = []
  for (let tick = Math.ceil(from / every) * every; tick <= to; tick += every) ticks.push(tick)
  return ticks
}
