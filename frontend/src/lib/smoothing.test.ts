import { expect, it } from 'vitest'
import type { ChartSeries } from './chart-series'
import { parseSmoothing, smoothed, withSmoothing } from './smoothing'

it('is the weighted mean of all values so far', () => {
  const values = [4, 1, 7, 2]
  const weight = 0.6
  const expected = values.map((_, n) => {
    const weights = values.slice(0, n + 1).map((_, i) => weight ** (n - i))
    const sum = values
      .slice(0, n + 1)
      .reduce((total, value, i) => total + value * (weights[i] ?? 0), 0)
    return sum / weights.reduce((a, b) => a + b)
  })
  smoothed(values, weight).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? 0, 12)
  })
})

it('keeps a constant, and gaps', () => {
  expect(smoothed([3, 3, 3], 0.9).map((value) => Number(value?.toFixed(9)))).toEqual([3, 3, 3])
  expect(smoothed([1, null, 1], 0.9)[1]).toBeNull()
})

it('draws the measured line behind the smoothed one, and leaves limits alone', () => {
  const series: ChartSeries = {
    name: 'measured',
    title: 'share',
    steps: [0, 1],
    lines: [
      { column: 'value', label: 'measured', values: [0, 1] },
      { column: 'threshold', label: 'limit', values: [0.5, 0.5] },
    ],
    logarithmic: false,
    unit: '',
    events: [],
  }
  const { lines } = withSmoothing(series, 0.5)
  expect(lines.map(({ column, faint }) => [column, faint ?? false])).toEqual([
    ['value', true],
    ['value', false],
    ['threshold', false],
  ])
  expect(withSmoothing(series, 0)).toBe(series)
})

it('reads only weights that the slider has', () => {
  expect(['0.9', '1', '-1', 'much', null].map(parseSmoothing)).toEqual([0.9, 0, 0, 0, 0])
})
