import { expect, it } from 'vitest'
import { aFinding } from '../testing/samples'
import { cellReading } from './heatmap-reading'
import { heatmapLines, marksOf } from './heatmap-rows'

const rows = ['a', 'b'].map((layer, depth) => ({ tensor: layer, layer, role: 'kernel', depth }))
const lines = heatmapLines(rows, () => true, false, [])
const cells = {
  steps: Float64Array.of(10, 20, 21),
  values: Float32Array.of(0.5, 0.25, Number.NaN, 1, 2, Number.POSITIVE_INFINITY),
}
const findings = [aFinding({ tensor: 'b', opened_step: 20 })]
const picture = {
  lines,
  cells,
  range: { from: 0, to: 30 },
  marks: marksOf(lines, rows, findings),
  column: 'rms',
}
const read = (line: number, step: number) =>
  cellReading(picture, { line, step }, () => 'Dead units')

it('tells tensor, steps and value', () => {
  expect(read(0, 12)).toBe('a · steps 10 to 19 · RMS 0.5')
  expect(read(0, 20)).toBe('a · step 20 · RMS 0.25')
})

it('tells of what is no number, and of steps before the first record', () => {
  expect(read(0, 25)).toContain('RMS no finite value')
  expect(read(1, 25)).toContain('RMS ∞')
  expect(read(0, 3)).toBe('step 3: nothing recorded')
})

it('tells a share in hundredths', () => {
  const shares = { ...picture, column: 'dead_fraction' }
  const told = cellReading(shares, { line: 0, step: 12 }, () => '')
  expect(told).toBe('a · steps 10 to 19 · dead units 50\u00a0%')
})

it('tells that a number is an estimate', () => {
  const sampled = rows.map((row) => ({ ...row, sampled: 65536 }))
  const told = cellReading(
    { ...picture, lines: heatmapLines(sampled, () => true, false, []) },
    { line: 0, step: 20 },
    () => '',
  )
  expect(told).toBe('a · step 20 · RMS 0.25 · from a sample of 65,536 elements')
})

it('tells which finding is there', () => {
  expect(read(1, 12)).not.toContain('Dead')
  expect(read(1, 20)).toContain('Dead units of b since step 20')
  const over = aFinding({ tensor: 'b', opened_step: 20, state: 'resolved', resolved_step: 21 })
  const marks = marksOf(lines, rows, [over])
  const told = cellReading({ ...picture, marks }, { line: 1, step: 20 }, () => 'Dead units')
  expect(told).toContain('Dead units of b from step 20 to 21')
})
