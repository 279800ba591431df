/** A trend as an SVG path. Points without a number leave a gap; an isolated point is a dot. */

type Point = number | null

export function sparklinePath(
  trend: readonly Point[],
  width: number,
  height: number,
  logarithmic: boolean,
): string {
  const scaled = trend.map((value) => onScale(value, logarithmic))
  const numbers = scaled.filter((value) => value !== null)
  if (numbers.length === 0) return ''
  const [minimum, maximum] = [Math.min(...numbers), Math.max(...numbers)]
  const range = Math.max(maximum - minimum, minimumRange(maximum, minimum, logarithmic))
  const low = (maximum + minimum - range) / 2
  const x = (i: number) => (scaled.length < 2 ? width / 2 : (i / (scaled.length - 1)) * width)
  // A constant trend is drawn in the middle: at the edge it looks like an extreme.
  const y = (value: number) => (range === 0 ? height / 2 : height * (1 - (value - low) / range))
  let path = ''
  scaled.forEach((value, i) => {
    if (value === null) return
    const open = i > 0 && scaled[i - 1] !== null
    path += `${open ? 'L' : 'M'}${round(x(i))} ${round(y(value))}`
    const isolated = !open && (scaled[i + 1] ?? null) === null
    if (isolated) path += 'h.01'
  })
  return path
}

/** The minimum range is a decade or a tenth of the value, so that noise around a constant looks small. */
function minimumRange(maximum: number, minimum: number, logarithmic: boolean): number {
  return logarithmic ? 1 : 0.1 * Math.max(Math.abs(maximum), Math.abs(minimum))
}

function onScale(value: Point, logarithmic: boolean): Point {
  if (value === null || !Number.isFinite(value)) return null
  if (!logarithmic) return value
  return value > 0 ? Math.log10(value) : null
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
