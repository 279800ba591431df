import { expect, it } from 'vitest'
import type { HeatmapHeader } from '../contract'
import { encodeFrame } from '../testing/frames'
import { decodeFrame } from './frame'
import { cellAt, cellSpan, lineCells } from './heatmap-cells'
import { heatmapLines } from './heatmap-rows'

const rows = ['a', 'b'].map((layer, depth) => ({ tensor: layer, layer, role: 'kernel', depth }))
const heatmap = decodeFrame<HeatmapHeader>(
  encodeFrame(
    { run: 'r', kind: 'gradient', column: 'rms', points: 3, rows },
    { step: [0, 10, 30], value: new Float32Array([1, 2, 3, 4, 5, 6]) },
  ),
)

it('gives each line the numbers of its tensor', () => {
  const lines = heatmapLines(rows, (tensor) => tensor === 'b', null, [])
  expect([...lineCells(heatmap, lines, false).values]).toEqual([4, 5, 6])
})

it('gives a block the mean of its tensors', () => {
  const line = {
    key: '',
    title: '',
    tensor: null,
    block: null,
    open: false,
    rows: [0, 1],
    sampled: 0,
  }
  expect([...lineCells(heatmap, [line], false).values]).toEqual([2.5, 3.5, 4.5])
})

it('knows which steps a cell stands for', () => {
  const { steps } = lineCells(heatmap, [], false)
  const range = { from: 0, to: 40 }
  expect([-1, 0, 9, 10, 29, 30, 99].map((step) => cellAt(steps, step))).toEqual([
    -1, 0, 0, 1, 1, 2, 2,
  ])
  expect(cellSpan(steps, 0, range)).toEqual([0, 9])
  expect(cellSpan(steps, 1, range)).toEqual([10, 29])
  expect(cellSpan(steps, 2, range)).toEqual([30, 44])
})
