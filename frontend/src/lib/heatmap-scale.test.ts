import { describe, expect, it } from 'vitest'
import { colourScale, meanOf } from './heatmap-scale'

describe('the scale of colours', () => {
  it('is logarithmic over what is positive and finite', () => {
    const scale = colourScale([1e-6, 1e-2, 0, Number.NaN, Number.POSITIVE_INFINITY], true)
    expect(scale.position(1e-6)).toBe(0)
    expect(scale.position(1e-2)).toBe(1)
    expect(scale.position(1e-4)).toBeCloseTo(0.5)
    expect(scale.ticks.map(({ value }) => value)).toContain(1e-4)
  })

  it('cuts what is too small to matter', () => {
    expect(colourScale([1e-38, 1], true).low).toBeCloseTo(1e-12)
  })

  it('begins shares at zero and holds a constant', () => {
    expect(colourScale([0.5, 0.6], false).position(0.3)).toBeCloseTo(0.5)
    expect(colourScale([0], false).position(0)).toBe(0.5)
    expect(colourScale([2, 2], true).position(2)).toBe(0.5)
    expect(colourScale([], true).ticks.length).toBeGreaterThan(0)
  })
})

describe('what a block says of its tensors', () => {
  it('is the mean, by the logarithm on such a scale', () => {
    expect(meanOf([1e-4, 1e-2], true)).toBeCloseTo(1e-3)
    expect(meanOf([1, 3], false)).toBe(2)
  })

  it('leaves out what was not measured and hides nothing that is not finite', () => {
    expect(meanOf([Number.NaN, 2], false)).toBe(2)
    expect(meanOf([Number.NaN], false)).toBeNaN()
    expect(meanOf([1, Number.POSITIVE_INFINITY], true)).toBe(Number.POSITIVE_INFINITY)
    expect(meanOf([0, 0], true)).toBe(0)
  })
})
