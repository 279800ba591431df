import { expect, it } from 'vitest'
import type { Series } from '../api'
import { encodeFrame } from '../testing/frames'
import { decodeFrame } from './frame'
import { lossSeries } from './loss-series'

const loss = (step: number[], mean: number[]) =>
  decodeFrame(encodeFrame({ run: 'a', points: step.length }, { step, mean })) as unknown as Series

it('draws a loss that stays within two decades on a linear scale', () => {
  const series = lossSeries(loss([0, 10, 20], [2, 1, Number.NaN]))
  expect(series).toMatchObject({ logarithmic: false, events: [20] })
  expect(series?.lines[0]?.values).toEqual([2, 1, null])
})

it('draws a loss that explodes on a logarithmic scale', () => {
  expect(lossSeries(loss([0, 10], [1, 1e6]))?.logarithmic).toBe(true)
})

it('keeps the steps of a loss that was never finite', () => {
  const series = lossSeries(loss([0, 10], [Number.NaN, Number.POSITIVE_INFINITY]))
  expect(series).toMatchObject({ lines: [], events: [0, 10] })
  expect([lossSeries(null), lossSeries(loss([], []))]).toEqual([null, null])
})
