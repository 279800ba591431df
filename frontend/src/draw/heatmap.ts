/** Paints the visible lines of the heatmap and the marks of the findings on a canvas. */

import { cellAt, endOf, type LineCells } from '../lib/heatmap-cells'
import type { Mark } from '../lib/heatmap-rows'
import type { ColourScale } from '../lib/heatmap-scale'
import type { Range } from '../lib/view-state'
import type { Tokens } from '../theme/tokens'
import { viridis } from './colour-map'

export interface Picture {
  cells: LineCells
  scale: ColourScale
  marks: readonly Mark[]
  range: Range
  /** In CSS pixels, like all lengths in this module. */
  width: number
  height: number
  lineHeight: number
  /** The scroll position. */
  top: number
}

/** Lines of at least this height are separated by a gap. */
const MIN_HEIGHT_WITH_GAP = 10
/** The width of a finding's flag. */
const FLAG_WIDTH = 4

export function paintHeatmap(canvas: HTMLCanvasElement, picture: Picture, tokens: Tokens): void {
  const { width, height, lineHeight, top } = picture
  const ratio = devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')
  if (!context || canvas.width === 0 || canvas.height === 0) return
  const { cells } = picture
  const lines = cells.steps.length ? cells.values.length / cells.steps.length : 0
  const first = Math.max(0, Math.floor(top / lineHeight))
  const last = Math.min(lines - 1, Math.floor((top + height) / lineHeight))
  if (last < first) return
  const image = colours(picture, first, last, canvas.width, tokens)
  context.imageSmoothingEnabled = false
  context.scale(ratio, ratio)
  const y = first * lineHeight - top
  context.drawImage(image, 0, y, width, (last - first + 1) * lineHeight)
  if (lineHeight >= MIN_HEIGHT_WITH_GAP) {
    context.fillStyle = tokens.surface
    for (let line = first; line <= last; line++) {
      context.fillRect(0, (line + 1) * lineHeight - top - 1, width, 1)
    }
  }
  for (const mark of picture.marks) {
    if (mark.drawn && mark.line >= first && mark.line <= last)
      paintMark(context, mark, picture, tokens)
  }
}

/** An image with one pixel row for each line, as wide as the canvas. */
function colours(
  { cells, scale, range }: Picture,
  first: number,
  last: number,
  width: number,
  tokens: Tokens,
): HTMLCanvasElement {
  const image = document.createElement('canvas')
  image.width = width
  image.height = last - first + 1
  const context = image.getContext('2d')
  if (!context) return image
  const { steps, values } = cells
  const end = endOf(steps, range)
  const special = specialColours(tokens)
  const data = context.createImageData(width, image.height)
  for (let x = 0; x < width; x++) {
    const step = range.from + ((x + 0.5) / width) * (range.to - range.from)
    const cell = step < end ? cellAt(steps, step) : -1
    if (cell < 0) continue
    for (let line = first; line <= last; line++) {
      const value = values[line * steps.length + cell] ?? Number.NaN
      const [red, green, blue] = Number.isNaN(value)
        ? special.missing
        : !Number.isFinite(value)
          ? special.infinite
          : scale.logarithmic && value <= 0
            ? special.zero
            : viridis(scale.position(value))
      data.data.set([red, green, blue, 255], 4 * ((line - first) * width + x))
    }
  }
  context.putImageData(data, 0, 0)
  return image
}

type Rgb = readonly [number, number, number]

function specialColours(tokens: Tokens): Record<'missing' | 'infinite' | 'zero', Rgb> {
  return { missing: rgb(tokens.grid), infinite: rgb(tokens.critical), zero: rgb(tokens.reference) }
}

function rgb(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16)
  return [number >> 16, (number >> 8) & 255, number & 255]
}

/** A flag at the first step; on high lines also a bar below the cells until the finding is resolved. */
function paintMark(
  context: CanvasRenderingContext2D,
  { line, from, to, severity }: Mark,
  { range, width, lineHeight, top }: Picture,
  tokens: Tokens,
): void {
  const x = (step: number) => ((step - range.from) / (range.to - range.from)) * width
  const left = Math.max(0, x(from))
  const right = to === null ? width : Math.min(width, x(to))
  if (right < 0 || left > width) return
  const y = line * lineHeight - top
  const bottom = y + lineHeight - (lineHeight >= MIN_HEIGHT_WITH_GAP ? 1 : 0)
  const boxes: [number, number, number, number][] = []
  if (lineHeight >= MIN_HEIGHT_WITH_GAP)
    boxes.push([left, bottom - 3, Math.max(FLAG_WIDTH, right - left), 3])
  if (x(from) >= 0) boxes.push([left, y, FLAG_WIDTH, bottom - y])
  // An edge in the surface colour separates the mark from the cells below it.
  context.fillStyle = tokens.surface
  for (const [a, b, w, h] of boxes)
    context.fillRect(a, h === 3 ? b - 1 : b, w + 1, h === 3 ? h + 1 : h)
  context.fillStyle = tokens[severity]
  for (const box of boxes) context.fillRect(...box)
}
