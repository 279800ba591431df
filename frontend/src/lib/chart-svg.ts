/** Charts as SVG documents of their own. */

import type { Band } from './band'
import type { ChartSeries, Line } from './chart-series'
import { endOf } from './heatmap-cells'
import { formatTick } from './numbers'
import { decadeRange, valueRange } from './value-range'
import type { Range } from './view-state'
import { type Axis, axisTicks, placeOf } from './x-axis'

export interface Colours {
  surface: string
  text: string
  muted: string
  grid: string
  series: string
  info: string
  reference: string
  critical: string
}

export interface Frame {
  title: string
  range: Range
  axis: Axis
  colours: Colours
}

const WIDTH = 640
const HEIGHT = 300
const LEFT = 64
const RIGHT = 16
const TOP = 34
const BOTTOM = 44

export function seriesSvg(series: ChartSeries, frame: Frame): string {
  const { range, axis, colours } = frame
  const inside = series.steps.flatMap((step, i) =>
    step >= range.from && step <= range.to ? [i] : [],
  )
  const numbers = series.lines.flatMap(({ values }) =>
    inside.flatMap((i) => (values[i] === null ? [] : [values[i] as number])),
  )
  const [least, most] = numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [null, null]
  const [low, high] = (series.logarithmic ? decadeRange : valueRange)(least, most, series.unit)
  const scaled = (value: number) => (series.logarithmic ? Math.log10(value) : value)
  const y = (value: number) =>
    HEIGHT - BOTTOM - ((scaled(value) - scaled(low)) / (scaled(high) - scaled(low))) * innerHeight()
  const x = (step: number) => LEFT + placeOf(axis, range, step) * innerWidth()
  const ticks = series.logarithmic ? decades(low, high) : evenly(low, high)
  const distance = Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0))
  const lines = series.lines.map((line) => {
    const points = inside.map((i) => [x(series.steps[i] as number), line.values[i], y] as const)
    const path = points
      .map(([at, value], i) => {
        if (value === null || value === undefined) return ''
        const open = i > 0 && typeof points[i - 1]?.[1] === 'number'
        return `${open ? 'L' : 'M'}${round(at)} ${round(y(value))}`
      })
      .join('')
    return `<path d="${path}" fill="none" ${strokeOf(line, colours)}/>`
  })
  const rules = ticks.map(
    (tick) =>
      `<path d="M${LEFT} ${round(y(tick))}H${WIDTH - RIGHT}" stroke="${colours.grid}"/>` +
      label(LEFT - 6, y(tick) + 4, formatTick(tick, series.unit, distance), colours.muted, 'end'),
  )
  return page(HEIGHT, frame, [...rules, ...lines], legend(series.lines))
}

export function bandSvg(band: Band, frame: Frame, colour: string): string {
  const { range, axis, colours } = frame
  const cell = Math.max(8, Math.min(18, (HEIGHT - TOP - BOTTOM) / band.rows))
  const height = TOP + BOTTOM + cell * band.rows
  const x = (step: number) => LEFT + placeOf(axis, range, step) * innerWidth()
  const n = band.steps.length
  const cells: string[] = []
  for (let row = 0; row < band.rows; row++) {
    for (let column = 0; column < n; column++) {
      const strength = band.strength[row * n + column] ?? Number.NaN
      const left = Math.max(LEFT, x(band.steps[column] ?? 0))
      const next = band.steps[column + 1] ?? endOf(band.steps, range)
      const right = Math.min(WIDTH - RIGHT, x(next))
      if (!(strength > 0) || right <= left) continue
      cells.push(
        `<rect x="${round(left)}" y="${round(TOP + row * cell)}" width="${round(right - left)}" ` +
          `height="${round(cell)}" fill="${colour}" fill-opacity="${round(strength)}"/>`,
      )
    }
  }
  const names = band.labels.map(({ row, text }) =>
    label(LEFT - 6, TOP + (row + 0.7) * cell, text.slice(-10), colours.muted, 'end'),
  )
  return page(height, frame, [...cells, ...names], `${band.scale.low} to ${band.scale.high}`)
}

function page(height: number, frame: Frame, body: string[], note: string): string {
  const { title, range, axis, colours } = frame
  const ticks = axisTicks(axis, range, 6).map((tick) => {
    const at = LEFT + placeOf(axis, range, axis.stepAt(tick)) * innerWidth()
    return label(at, height - BOTTOM + 16, axis.tick(tick), colours.muted, 'middle')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${round(height)}" ` +
      `viewBox="0 0 ${WIDTH} ${round(height)}" font-family="Roboto, Arial, sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="${colours.surface}"/>`,
    label(LEFT, 20, title, colours.text, 'start', 13),
    ...body,
    ...ticks,
    label(WIDTH - RIGHT, height - 8, axis.label, colours.muted, 'end'),
    label(LEFT, height - 8, note, colours.muted, 'start'),
    '</svg>\n',
  ].join('\n')
}

function legend(lines: readonly Line[]): string {
  return lines
    .filter(({ faint }) => !faint)
    .map(({ column, label }) => (column === 'threshold' ? `${label} (dashed)` : label))
    .join(' · ')
}

function strokeOf({ column, faint }: Line, colours: Colours): string {
  const width = faint || column === 'threshold' || column === 'reference' ? 1.25 : 2
  const colour = {
    threshold: colours.critical,
    reference: colours.reference,
    loss: colours.info,
  }[column as string]
  const dash = column === 'threshold' ? ' stroke-dasharray="4 3"' : ''
  const pale = faint ? ' stroke-opacity="0.35"' : ''
  return `stroke="${colour ?? colours.series}" stroke-width="${width}"${dash}${pale}`
}

function label(
  x: number,
  y: number,
  text: string,
  colour: string,
  anchor: 'start' | 'middle' | 'end',
  size = 11,
): string {
  const at = `x="${round(x)}" y="${round(y)}"`
  return `<text ${at} text-anchor="${anchor}" font-size="${size}" fill="${colour}">${escaped(text)}</text>`
}

/** Names are untrusted, and XML has no control characters and no halves of surrogate pairs. */
export function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

function evenly(low: number, high: number): number[] {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const distance = [1, 2, 5, 10].map((n) => n * power).find((each) => each >= rough) ?? rough
  const ticks: number[] = []
  for (let i = Math.ceil(low / distance); i * distance <= high; i++) {
    ticks.push(Number((i * distance).toPrecision(12)))
  }
  return ticks
}

function decades(low: number, high: number): number[] {
  const [bottom, top] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))]
  const every = Math.max(1, Math.ceil((top - bottom) / 5))
  const ticks: number[] = []
  for (let power = bottom; power <= top; power += every) ticks.push(Number(`1e${power}`))
  return ticks
}

function innerWidth(): number {
  return WIDTH - LEFT - RIGHT
}

function innerHeight(): number {
  return HEIGHT - TOP - BOTTOM
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
