import { expect, it } from 'vitest'
import type { HeatmapRow } from '../contract'
import { aFinding } from '../testing/samples'
import { FOLD_THRESHOLD, heatmapLines, markAt, marksOf } from './heatmap-rows'

const row = (layer: string, depth: number): HeatmapRow => ({
  tensor: `${layer}/kernel`,
  layer,
  role: 'kernel',
  depth,
})
const all = () => true
const deep = Array.from({ length: 2 * FOLD_THRESHOLD }, (_, i) =>
  row(`block_${Math.floor(i / 20)}/dense_${i % 20}`, i),
)

it('has a line for each tensor that passes the filter, in forward order', () => {
  const lines = heatmapLines(
    [row('a', 0), row('b', 1), row('c', 2)],
    (tensor) => tensor !== 'b/kernel',
    null,
    [],
  )
  expect(lines.map(({ tensor, rows }) => [tensor, rows])).toEqual([
    ['a/kernel', [0]],
    ['c/kernel', [2]],
  ])
})

it('folds many layers into blocks, which open one by one', () => {
  expect(heatmapLines(deep, all, null, [])).toHaveLength(12)
  expect(heatmapLines(deep, all, false, [])).toHaveLength(deep.length)
  const open = heatmapLines(deep, all, null, ['block_1'])
  expect(open).toHaveLength(12 + 20)
  expect(open[1]).toMatchObject({ title: 'block_1', tensor: null, open: true })
  expect(open[2]).toMatchObject({ tensor: 'block_1/dense_0/kernel', rows: [20] })
})

it('marks findings on their line: the tensor’s own, else its block’s, the first of each severity', () => {
  const findings = [
    aFinding({ id: '1', tensor: 'block_1/dense_3/kernel', opened_step: 50, severity: 'warning' }),
    aFinding({ id: '2', tensor: 'block_1/dense_4/kernel', opened_step: 20, severity: 'warning' }),
    aFinding({ id: '3', tensor: 'block_1/dense_4/kernel', opened_step: 90, severity: 'critical' }),
    aFinding({ id: '4', tensor: 'gone/kernel' }),
  ]
  const folded = heatmapLines(deep, all, null, [])
  const marks = marksOf(folded, deep, findings)
  expect(marks.map(({ line, finding, drawn }) => [line, finding.id, drawn])).toEqual([
    [1, '1', false],
    [1, '2', true],
    [1, '3', true],
  ])
  const open = heatmapLines(deep, all, null, ['block_1'])
  expect(marksOf(open, deep, findings).map(({ line, drawn }) => [line, drawn])).toEqual([
    [5, true],
    [6, true],
    [6, true],
  ])
})

it('finds the worst finding at a place', () => {
  const lines = heatmapLines([row('a', 0)], all, null, [])
  const findings = [
    aFinding({ id: 'w', tensor: 'a/kernel', opened_step: 10, severity: 'warning' }),
    aFinding({ id: 'c', tensor: 'a/kernel', opened_step: 30, resolved_step: 40 }),
  ]
  const marks = marksOf(lines, [row('a', 0)], findings)
  expect(markAt(marks, 0, 5)).toBeNull()
  expect(markAt(marks, 0, 20)?.finding.id).toBe('w')
  expect(markAt(marks, 0, 35)?.finding.id).toBe('c')
  expect(markAt(marks, 0, 50)?.finding.id).toBe('w')
})
