/** Compares two runs: findings in one and not in the other, and different hyper-parameters. */

import { type Finding, type Run, SEVERITIES } from '../contract'
import { formatStep } from './numbers'
import type { Parameter } from './run-matrix'

export type Side = 'first' | 'second' | 'both'

/** One symptom of one tensor, in one run or in both. */
export interface Difference {
  symptom: string
  kind: string
  tensor: string
  side: Side
  first: Finding | null
  second: Finding | null
}

export const SIDES: readonly Side[] = ['first', 'second', 'both']

/** Sorted by side, then by first step. */
export function compareFindings(
  findings: readonly Finding[],
  first: string,
  second: string,
): Difference[] {
  const differences = new Map<string, Difference>()
  for (const finding of findings) {
    const { run, symptom, kind, tensor, muted } = finding
    if (muted || (run !== first && run !== second)) continue
    const key = JSON.stringify([symptom, kind, tensor])
    const before = differences.get(key) ?? {
      symptom,
      kind,
      tensor,
      side: 'both',
      first: null,
      second: null,
    }
    const slot = run === first ? 'first' : 'second'
    differences.set(key, { ...before, [slot]: worst(before[slot], finding) })
  }
  return [...differences.values()]
    .map((difference) => ({ ...difference, side: sideOf(difference) }))
    .sort((a, b) => SIDES.indexOf(a.side) - SIDES.indexOf(b.side) || onset(a) - onset(b))
}

/** A tensor may have had a symptom twice: returns the worse finding, or the earlier of equal ones. */
function worst(a: Finding | null, b: Finding): Finding {
  if (a === null) return b
  const order = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
  return order < 0 || (order === 0 && a.opened_step <= b.opened_step) ? a : b
}

function sideOf({ first, second }: Difference): Side {
  if (first && second) return 'both'
  return first ? 'first' : 'second'
}

function onset({ first, second }: Difference): number {
  return Math.min(
    first?.opened_step ?? Number.POSITIVE_INFINITY,
    second?.opened_step ?? Number.POSITIVE_INFINITY,
  )
}

export interface ParameterDifference {
  name: string
  first: Parameter | null
  second: Parameter | null
}

export function differentParameters(first: Run, second: Run): ParameterDifference[] {
  const names = new Set([...Object.keys(first.hparams ?? {}), ...Object.keys(second.hparams ?? {})])
  return [...names]
    .sort()
    .map((name) => ({
      name,
      first: first.hparams?.[name] ?? null,
      second: second.hparams?.[name] ?? null,
    }))
    .filter((parameter) => parameter.first !== parameter.second)
}

/** The comparison as Markdown, for an issue. */
export function comparisonMarkdown(
  first: Run,
  second: Run,
  differences: readonly Difference[],
  title: (symptom: string) => string,
): string {
  const names: Record<Side, string> = {
    first: `only in ${first.run}`,
    second: `only in ${second.run}`,
    both: 'in both',
  }
  const cell = (finding: Finding | null) =>
    finding ? `${finding.severity}, step ${formatStep(finding.opened_step)}` : '–'
  const findings = differences.map(({ side, symptom, tensor, kind, first, second }) =>
    row(names[side], title(symptom), tensor, kind, cell(first), cell(second)),
  )
  const parameters = differentParameters(first, second).map((parameter) =>
    row(parameter.name, String(parameter.first ?? '–'), String(parameter.second ?? '–')),
  )
  const tables = [
    [row('Found', 'Symptom', 'Tensor', 'Kind', first.run, second.run), rule(6), ...findings],
    [row('Hyper-parameter', first.run, second.run), rule(3), ...parameters],
  ]
  const written = tables.filter((table) => table.length > 2).map((table) => table.join('\n'))
  return `${written.join('\n\n')}\n`
}

function row(...cells: string[]): string {
  return `| ${cells.map(plain).join(' | ')} |`
}

function rule(columns: number): string {
  return `|${'---|'.repeat(columns)}`
}

/** Escapes names, so that nothing in them becomes a table border, a link or a tag. */
function plain(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|]/g, '\\$&')
}
