import { expect, it } from 'vitest'
import { fittingZoom, MAX_ZOOM, MIN_ZOOM, needsOverview, scrollFor, wheelFactor } from './zoom'

const window = { width: 400, height: 300 }

it('fits the longer side, and enlarges nothing', () => {
  expect(fittingZoom({ width: 800, height: 300 }, window)).toBe(0.5)
  expect(fittingZoom({ width: 400, height: 900 }, window)).toBeCloseTo(1 / 3)
  expect(fittingZoom({ width: 40, height: 30 }, window)).toBe(1)
  expect(fittingZoom({ width: 1, height: 1e6 }, window)).toBe(MIN_ZOOM)
  expect(fittingZoom({ width: 0, height: 0 }, window)).toBe(1)
})

it('comes back when the wheel does', () => {
  expect(wheelFactor(-100) * wheelFactor(100)).toBeCloseTo(1)
  expect(wheelFactor(-100)).toBeGreaterThan(1)
  expect(wheelFactor(1e9)).toBeGreaterThan(MIN_ZOOM / MAX_ZOOM)
})

it('needs an overview from two windows on', () => {
  const tall = { width: 200, height: 1000 }
  expect(needsOverview(tall, window, 1)).toBe(true)
  expect(needsOverview(tall, window, 0.5)).toBe(false)
})

it('keeps a point in its place', () => {
  // At zoom 2, the point 100 lies at 200; 50 pixels into the window leave 150 before it.
  expect(scrollFor(100, 50, 2, -400)).toBe(150)
  // A picture smaller than the window does not scroll.
  expect(scrollFor(100, 150, 1, 100)).toBe(0)
})
