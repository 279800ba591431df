/** The heatmap's lines: tensors in forward order, or blocks of tensors, folded or open. */

import { type Finding, type HeatmapRow, SEVERITIES, type Severity } from '../contract'
import { type Block, blocksOf } from './layer-blocks'

export interface Line {
  key: string
  title: string
  /** The tensor's name, or null for a block. */
  tensor: string | null
  block: Block | null
  /** Whether a block's tensors are shown below it. */
  open: boolean
  /** The rows of the response that the line shows. */
  rows: readonly number[]
  /** The number of elements in the sample; 0 if all elements are measured. */
  sampled: number
}

/** A heatmap with more rows starts with folded blocks. */
export const FOLD_THRESHOLD = 120

export function heatmapLines(
  rows: readonly HeatmapRow[],
  matches: (tensor: string) => boolean,
  blocks: boolean | null,
  openBlocks: readonly string[],
): Line[] {
  const shown = rows.flatMap((row, index) => (matches(row.tensor) ? [{ row, index }] : []))
  const single = ({ row, index }: { row: HeatmapRow; index: number }): Line => ({
    key: row.tensor,
    title: row.tensor,
    tensor: row.tensor,
    block: null,
    open: false,
    rows: [index],
    sampled: row.sampled ?? 0,
  })
  if (!(blocks ?? shown.length > FOLD_THRESHOLD)) return shown.map(single)
  return blocksOf(shown.map(({ row }) => row.layer)).flatMap((block) => {
    const members = shown.slice(block.first, block.first + block.count)
    if (members.length === 1) return members.map(single)
    const open = openBlocks.includes(block.key)
    const line: Line = {
      key: `block ${block.key}`,
      title: block.title,
      tensor: null,
      block,
      open,
      rows: members.map(({ index }) => index),
      sampled: 0,
    }
    return open ? [line, ...members.map(single)] : [line]
  })
}

export interface Mark {
  line: number
  from: number
  /** Null for an open finding. */
  to: number | null
  severity: Severity
  finding: Finding
  /** Whether the mark is drawn: a folded block draws only the first finding of each severity. */
  drawn: boolean
}

/** The marks of findings: on the tensor's line, else on the line of its block. */
export function marksOf(
  lines: readonly Line[],
  rows: readonly HeatmapRow[],
  findings: readonly Finding[],
): Mark[] {
  const index = new Map<string, number>()
  lines.forEach((line, i) => {
    for (const row of line.rows) {
      const tensor = rows[row]?.tensor
      // The tensors of an open block have their own lines, after the block's.
      if (tensor !== undefined) index.set(tensor, i)
    }
  })
  const marks = findings.flatMap((finding) => {
    const line = index.get(finding.tensor)
    if (line === undefined) return []
    const { opened_step, resolved_step, severity } = finding
    return [{ line, from: opened_step, to: resolved_step, severity, finding, drawn: true }]
  })
  // The worst mark is drawn last, and is found first under the pointer.
  const rank = ({ severity }: Mark) => -SEVERITIES.indexOf(severity)
  marks.sort((a, b) => rank(a) - rank(b) || a.line - b.line || b.from - a.from)
  return marks.map((mark, i) => {
    const next = marks[i + 1]
    const alike = next?.line === mark.line && next.severity === mark.severity
    return lines[mark.line]?.block && alike ? { ...mark, drawn: false } : mark
  })
}

/** The worst mark at a line and step. */
export function markAt(marks: readonly Mark[], line: number, step: number): Mark | null {
  return (
    marks.findLast(
      (mark) => mark.line === line && mark.from <= step && (mark.to === null || step <= mark.to),
    ) ?? null
  )
}
