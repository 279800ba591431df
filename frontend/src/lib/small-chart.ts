/** Lines of small charts as SVG paths over shared axes. */

import { drawable, type Values } from './chart-series'
import type { Column } from './frame'
import type { Range } from './view-state'

export interface ValueAxis {
  low: number
  high: number
  logarithmic: boolean
}

/** Values over a wider range are drawn on a logarithmic axis. */
const WIDE = 100

/** The axis that all finite values fit on; null without any. */
export function valueAxis(
  columns: readonly Column[],
  logarithmic: boolean | null = null,
): ValueAxis | null {
  let [low, high, positive] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true]
  const asked = logarithmic === true
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value) || (asked && value <= 0)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
      positive &&= value > 0
    }
  }
  if (low > high) return null
  return { low, high, logarithmic: logarithmic ?? (positive && high > WIDE * low) }
}

/** The range of steps of all columns. */
export function stepRange(columns: readonly Column[]): Range {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const column of columns) {
    for (const step of column) {
      if (step < from) from = step
      if (step > to) to = step
    }
  }
  return from < to ? { from, to } : { from: Number.isFinite(from) ? from : 0, to: from + 1 }
}

export interface Size {
  width: number
  height: number
}

/** Gaps where a value is missing or cannot be drawn; a point between two gaps is a dot. */
export function linePath(
  steps: Column,
  values: Column,
  range: Range,
  axis: ValueAxis,
  size: Size,
): string {
  const shown: Values = drawable(values, axis.logarithmic)
  let path = ''
  let open = false
  shown.forEach((value, i) => {
    if (value === null) {
      open = false
      return
    }
    const x = xOf(steps[i] ?? Number.NaN, range, size)
    const alone = !open && (shown[i + 1] ?? null) === null
    path += `${open ? 'L' : 'M'}${x.toFixed(1)} ${yOf(value, axis, size).toFixed(1)}${alone ? 'h.01' : ''}`
    open = true
  })
  return path
}

export function xOf(step: number, { from, to }: Range, { width }: Size): number {
  return ((step - from) / (to - from)) * width
}

/** A constant is drawn in the middle. */
export function yOf(
  value: number,
  { low, high, logarithmic }: ValueAxis,
  { height }: Size,
): number {
  const at = (number: number) => (logarithmic ? Math.log10(number) : number)
  const span = at(high) - at(low)
  return span > 0 ? height * (1 - (at(value) - at(low)) / span) : height / 2
}
