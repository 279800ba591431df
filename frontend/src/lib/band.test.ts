import { expect, it } from 'vitest'
import type { Heatmap, Magnitudes } from '../api'
import { encodeFrame } from '../testing/frames'
import { aFinding } from '../testing/samples'
import { magnitudesBand, neighboursBand } from './band'
import { decodeFrame } from './frame'
import { comparedColumn, neighboursOf } from './layer-neighbours'

const row = (tensor: string, role: string, depth: number) => ({
  tensor,
  layer: tensor,
  role,
  depth,
})

function heatmap(rows: ReturnType<typeof row>[], values: number[]): Heatmap {
  return decodeFrame(
    encodeFrame({ rows, points: 2 }, { step: [0, 10], value: Float32Array.from(values) }),
  )
}

it('puts large magnitudes on top and shows only bins that were ever used, with one around', () => {
  const frame: Magnitudes = decodeFrame(
    encodeFrame(
      { exponents: [-8, -6, -4, -2, 0], bins: 5, points: 2 },
      { step: [0, 10], share: Float32Array.from([0, 0, 0, 1, 0, 0, 0, 0.25, 0.75, 0]) },
    ),
  )
  const band = magnitudesBand(frame)
  expect(band?.rows).toBe(4)
  expect(band?.labels[0]).toEqual({ row: 0, text: '2⁰' })
  expect([...(band?.strength ?? [])].map((x) => x ** 2)).toEqual(
    [0, 0, 1, 0.75, 0, 0.25, 0, 0].map((share) => expect.closeTo(share, 6)),
  )
  expect(band?.describe(2, 1)).toBe('25\u00a0% from 2⁻⁴')
})

it('shows the tensors of the same role around a layer, by the logarithm where they span decades', () => {
  const rows = [row('a/k', 'kernel', 0), row('a/b', 'bias', 0), row('b/k', 'kernel', 1)]
  const neighbours = neighboursOf(heatmap(rows, [1e-4, 1e-2, 9, 9, 1, Number.NaN]), 'b/k')
  expect(neighbours?.rows.map(({ tensor }) => tensor)).toEqual(['a/k', 'b/k'])
  expect(neighbours?.own).toBe(1)
  const band = neighbours && neighboursBand(neighbours, String)
  const close = [0, 0.5, 1].map((x) => expect.closeTo(x, 5))
  expect([...(band?.strength ?? [])]).toEqual([...close, Number.NaN])
  expect(neighboursOf(heatmap(rows, [1, 1, 1, 1, 1, 1]), 'gone')).toBeNull()
})

it('keeps six on each side, and more where one side is short', () => {
  const rows = Array.from({ length: 40 }, (_, i) => row(`l${i}`, 'kernel', i))
  const frame = heatmap(
    rows,
    rows.flatMap((_, i) => [i, i]),
  )
  const names = (tensor: string) => neighboursOf(frame, tensor)?.rows.map((near) => near.tensor)
  expect(names('l20')).toEqual(rows.slice(14, 27).map(({ tensor }) => tensor))
  expect(names('l0')).toEqual(rows.slice(0, 13).map(({ tensor }) => tensor))
  expect(names('l39')).toEqual(rows.slice(27).map(({ tensor }) => tensor))
  expect(neighboursOf(frame, 'l20')?.values[12]).toBe(20)
})

it('compares by what the symptom is about, where that is measured', () => {
  const tensor = { ...row('a', 'activation', 0), columns: ['rms', 'dead_fraction'] }
  const full = {
    ...tensor,
    kind: '',
    shape: [],
    dtype: '',
    activation: '',
    magnitudes: false,
    not_measured: '',
  }
  expect(comparedColumn(aFinding({ symptom: 'dead-units' }), full)).toBe('dead_fraction')
  expect(comparedColumn(aFinding({ symptom: 'saturated-activation' }), full)).toBe('rms')
  expect(comparedColumn(aFinding(), { ...full, columns: [] })).toBeNull()
})
