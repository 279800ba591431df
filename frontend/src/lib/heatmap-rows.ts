/** The heatmap's lines: tensors in forward order, or blocks of them that stand folded or open. */

import { type Finding, type HeatmapRow, SEVERITIES, type Severity } from '../contract'
import { type Block, blocksOf } from './layer-blocks'

export interface Line {
  key: string
  title: string
  /** The tensor's name, or null for a block. */
  tensor: string | null
  block: Block | null
  /** Of a block, whether its tensors are shown below it. */
  open: boolean
  /** The rows of the answer that it stands for. */
  rows: readonly number[]
  /** Elements that a tensor's numbers are estimated from, 0 where all are measured. */
  sampled: number
}

/** With more rows than this a heatmap begins with its blocks folded. */
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
  /** Null while it goes on. */
  to: number | null
  severity: Severity
  finding: Finding
  /** Whether it is drawn: of a folded block's findings only the first of each severity. */
  drawn: boolean
}

/** Where findings stand in the picture: on their tensor's line, else on its block's. */
export function marksOf(
  lines: readonly Line[],
  rows: readonly HeatmapRow[],
  findings: readonly Finding[],
): Mark[] {
  const index = new Map<string, number>()
  lines.forEach((line, i) => {
    for (const row of line.rows) {
      const tensor = rows[row]?.tensor
      // An open block's tensors have lines of their own, which come after it.
      if (tensor !== undefined) index.set(tensor, i)
    }
  })
  const marks = findings.flatMap((finding) => {
    const line = index.get(finding.tensor)
    if (line === undefined) return []
    const { opened_step, resolved_step, severity } = finding
    return [{ line, from: opened_step, to: resolved_step, severity, finding, drawn: true }]
  })
  // The worst is drawn last, and found first under the pointer.
  const rank = ({ severity }: Mark) => -SEVERITIES.indexOf(severity)
  marks.sort((a, b) => rank(a) - rank(b) || a.line - b.line || b.from - a.from)
  return marks.map((mark, i) => {
    const next = marks[i + 1]
    const alike = next?.line === mark.line && next.severity === mark.severity
    return lines[mark.line]?.block && alike ? { ...mark, drawn: false } : mark
  })
}

/** The worst mark at a index of the picture. */
export function markAt(marks: readonly Mark[], line: number, step: number): Mark | null {
  return (
    marks.findLast(
      (mark) => mark.line === line && mark.from <= step && (mark.to === null || step <= mark.to),
    ) ?? null
  )
}
