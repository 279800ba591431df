/** The text for one cell of the heatmap. */

import { cellAt, cellSpan, type LineCells } from './heatmap-cells'
import { type Line, type Mark, markAt } from './heatmap-rows'
import { count, formatMeasured, formatStep } from './numbers'
import { columnName, unitOf } from './statistics'
import type { Range } from './view-state'

export interface ReadPicture {
  lines: readonly Line[]
  cells: LineCells
  range: Range
  marks: readonly Mark[]
  column: string
}

export interface Place {
  line: number
  step: number
}

export function cellReading(
  { lines, cells, range, marks, column }: ReadPicture,
  { line, step }: Place,
  title: (symptom: string) => string,
): string {
  const shown = lines[line]
  const cell = cellAt(cells.steps, step)
  if (!shown || cell < 0) return `step ${formatStep(Math.round(step))}: nothing recorded`
  const value = cells.values[line * cells.steps.length + cell] ?? Number.NaN
  const of = shown.block ? `mean of ${count(shown.rows.length, 'tensor')}` : columnName(column)
  const parts = [
    shown.title,
    stepsOf(cellSpan(cells.steps, cell, range)),
    `${of} ${Number.isNaN(value) ? 'no finite value' : formatMeasured(value, unitOf(column))}`,
  ]
  if (shown.sampled) parts.push(`from a sample of ${count(shown.sampled, 'element')}`)
  const mark = markAt(marks, line, step)
  if (mark) {
    const { symptom, tensor, opened_step, resolved_step } = mark.finding
    const when =
      resolved_step === null
        ? `since step ${formatStep(opened_step)}`
        : `from step ${formatStep(opened_step)} to ${formatStep(resolved_step)}`
    parts.push(`${title(symptom)} of ${tensor} ${when}, click for its evidence`)
  }
  return parts.join(' · ')
}

function stepsOf([from, to]: [number, number]): string {
  return to > from ? `steps ${formatStep(from)} to ${formatStep(to)}` : `step ${formatStep(from)}`
}
