import { expect, it } from 'vitest'
import type { Magnitudes } from '../api'
import { encodeFrame } from '../testing/frames'
import { decodeFrame } from './frame'
import { barText, histogramAt } from './histogram'

const recorded = (step: number[], share: number[]) =>
  decodeFrame(
    encodeFrame(
      { run: 'a', points: step.length, exponents: [-8, -4, 0, 4], bins: 4 },
      { step, share },
    ),
  ) as unknown as Magnitudes

const magnitudes = recorded([0, 10], [0, 1, 0, 0, 0, 0.25, 0.75, 0])

it('shows the distribution at a step, in bars that stay the same over the steps', () => {
  expect(histogramAt(magnitudes, 4)).toEqual({
    step: 0,
    bars: [
      { from: 0.0625, share: 1 },
      { from: 1, share: 0 },
    ],
  })
  expect(histogramAt(magnitudes, 12)?.bars.map(({ share }) => share)).toEqual([0.25, 0.75])
})

it('shows the newest without a step, and nothing where nothing was recorded', () => {
  expect(histogramAt(magnitudes, null)?.step).toBe(10)
  expect(histogramAt(recorded([0], [0, 0, 0, 0]), null)).toBeNull()
  expect(histogramAt(recorded([], []), 3)).toBeNull()
})

it('writes magnitudes as numbers', () => {
  expect(barText({ from: 2 ** -12, share: 0 })).toBe('from 2.44e-4')
})
