import { expect, it } from 'vitest'
import { panned, stepTicks, within, zoomed } from './step-axis'

const whole = { from: 0, to: 1000 }

it('zooms around a step and out to the whole', () => {
  expect(zoomed(whole, whole, 0.5, 500)).toEqual({ from: 250, to: 750 })
  expect(zoomed(whole, whole, 0.5, 0)).toEqual({ from: 0, to: 500 })
  expect(zoomed({ from: 250, to: 750 }, whole, 2, 500)).toBeNull()
  expect(zoomed({ from: 100, to: 200 }, whole, 1e-9, 150)).toEqual({ from: 149, to: 151 })
})

it('pans no further than there are steps', () => {
  expect(panned({ from: 100, to: 200 }, whole, 50)).toEqual({ from: 150, to: 250 })
  expect(panned({ from: 100, to: 200 }, whole, 5000)).toEqual({ from: 900, to: 1000 })
  expect(panned({ from: 100, to: 200 }, whole, -5000)).toEqual({ from: 0, to: 100 })
  expect(within({ from: -5, to: 2000 }, whole)).toBeNull()
})

it('ticks at round steps', () => {
  expect(stepTicks({ from: 3, to: 1003 }, 5)).toEqual([200, 400, 600, 800, 1000])
  expect(stepTicks({ from: 0, to: 3 }, 8)).toEqual([0, 1, 2, 3])
  for (const width of [2, 7, 90, 12345, 9e6]) {
    const ticks = stepTicks({ from: 5, to: 5 + width }, 8)
    expect(ticks.length).toBeGreaterThan(0)
    expect(ticks.length).toBeLessThanOrEqual(9)
  }
})
