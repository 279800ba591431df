/** Paints a band of cells on a canvas, aligned with the plots of the charts above and below it. */

import type { Band } from '../lib/band'
import { endOf } from '../lib/heatmap-cells'
import type { Range } from '../lib/view-state'
import { type Axis, placeOf } from '../lib/x-axis'
import type { Tokens } from '../theme/tokens'

export interface Plot {
  width: number
  height: number
  /** The steps at the left and right edges. */
  range: Range
  axis: Axis
}

/** The width of the charts' axis at the left and their padding at the right, as in chart.ts. */
export const PLOT_LEFT = 52
export const PLOT_RIGHT = 8

/** Paints the cells; the labels beside them are DOM elements. */
export function paintBand(
  canvas: HTMLCanvasElement,
  band: Band,
  { width, height, range, axis }: Plot,
  ramp: readonly [string, string],
  tokens: Tokens,
): void {
  const ratio = devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')
  if (!context) return
  context.scale(ratio, ratio)
  context.fillStyle = ramp[0]
  context.fillRect(0, 0, width, height)
  const n = band.steps.length
  // Rounds to whole pixels: fractional overlaps or gaps between cells show as stripes.
  const snap = (position: number) => Math.round(position * ratio) / ratio
  const x = (step: number) => placeOf(axis, range, step) * width
  const cell = height / band.rows
  const end = endOf(band.steps, range)
  for (let column = 0; column < n; column++) {
    const left = x(band.steps[column] ?? 0)
    const right = x(band.steps[column + 1] ?? end)
    if (right < 0 || left > width) continue
    for (let row = 0; row < band.rows; row++) {
      const strength = band.strength[row * n + column] ?? Number.NaN
      if (strength === 0) continue
      const missing = Number.isNaN(strength)
      context.globalAlpha = missing ? 0.5 : strength
      context.fillStyle = missing ? tokens.reference : ramp[1]
      const [top, bottom] = [snap(row * cell), snap((row + 1) * cell)]
      context.fillRect(snap(left), top, Math.max(1 / ratio, snap(right) - snap(left)), bottom - top)
    }
  }
  context.globalAlpha = 1
  if (band.own >= 0 && band.rows > 1) {
    context.strokeStyle = tokens.text
    context.lineWidth = 1
    context.strokeRect(0.5, band.own * cell + 0.5, width - 1, Math.max(1, cell - 1))
  }
}
