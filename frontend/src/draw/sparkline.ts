/** A trend as the path of a small drawing. Points without a number leave a gap; a lone one is a dot. */

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
  const low = Math.min(...numbers)
  const range = Math.max(...numbers) - low
  const x = (i: number) => (scaled.length < 2 ? width / 2 : (i / (scaled.length - 1)) * width)
  // A constant trend runs through the middle: at the edge it would read as an extreme.
  const y = (value: number) => (range === 0 ? height / 2 : height * (1 - (value - low) / range))
  let path = ''
  scaled.forEach((value, i) => {
    if (value === null) return
    const open = i > 0 && scaled[i - 1] !== null
    path += `${open ? 'L' : 'M'}${round(x(i))} ${round(y(value))}`
    const lone = !open && (scaled[i + 1] ?? null) === null
    if (lone) path += 'h.01'
  })
  return path
}

function onScale(value: Point, logarithmic: boolean): Point {
  if (value === null || !Number.isFinite(value)) return null
  if (!logarithmic) return value
  return value > 0 ? Math.log10(value) : null
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
