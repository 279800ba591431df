import { expect, it } from 'vitest'
import { linePath, stepRange, valueAxis, yOf } from './small-chart'

const size = { width: 100, height: 50 }

it('shares the axes among all charts', () => {
  expect(valueAxis([Float32Array.of(1, 5), Float32Array.of(3, Number.NaN)])).toEqual({
    low: 1,
    high: 5,
    logarithmic: false,
  })
  expect(
    stepRange(
      [
        [0, 10],
        [5, 40],
      ].map((steps) => Float64Array.from(steps)),
    ),
  ).toEqual({
    from: 0,
    to: 40,
  })
})

it('is logarithmic for a wide range of positive values only', () => {
  expect(valueAxis([Float32Array.of(1, 1000)])?.logarithmic).toBe(true)
  expect(valueAxis([Float32Array.of(-1, 1000)])?.logarithmic).toBe(false)
  expect(valueAxis([Float32Array.of(0, 1, 1000)], true)).toMatchObject({ low: 1, high: 1000 })
  expect(valueAxis([Float32Array.of(Number.NaN)])).toBeNull()
})

it('draws a line with gaps, and a lonely point as a dot', () => {
  const steps = Float64Array.of(0, 1, 2, 3, 4)
  const values = Float32Array.of(0, 10, Number.NaN, 5, Number.POSITIVE_INFINITY)
  const axis = { low: 0, high: 10, logarithmic: false }
  expect(linePath(steps, values, { from: 0, to: 4 }, axis, size)).toBe(
    'M0.0 50.0L25.0 0.0M75.0 25.0h.01',
  )
})

it('puts a power of ten in the middle of a logarithmic axis, and a constant in the middle', () => {
  expect(yOf(10, { low: 1, high: 100, logarithmic: true }, size)).toBeCloseTo(25)
  expect(yOf(7, { low: 7, high: 7, logarithmic: false }, size)).toBe(25)
})
