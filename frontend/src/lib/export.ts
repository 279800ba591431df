/** The table's rows as CSV, JSON and Markdown; each says what it holds, except CSV, which has no place for it. */

import type { Finding } from '../contract'
import { causeText, stateText } from './finding-text'
import type { TableRow } from './incidents'
import { formatBesideLimit, formatStep } from './numbers'

const COLUMNS = [
  'severity',
  'symptom',
  'kind',
  'tensor',
  'layer',
  'run',
  'state',
  'opened_step',
  'last_step',
  'peak_step',
  'resolved_step',
  'count',
  'value',
  'threshold',
  'origin',
  'message',
  'id',
  'unit',
  'follows',
  'incident',
  'muted',
] as const satisfies readonly (keyof Finding)[]

/** RFC 4180, with unformatted numbers. */
export function toCsv(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => COLUMNS.map((column) => csvCell(finding[column] ?? null)))
  return [COLUMNS.join(','), ...rows.map((row) => row.join(','))].join('\r\n').concat('\r\n')
}

export function toJson(findings: readonly Finding[], contents: string): string {
  return `${JSON.stringify({ schema: 'gradhealth.findings/1', contents, findings }, null, 2)}\n`
}

const HEADER = [
  'Severity',
  'Symptom',
  'Tensor',
  'Run',
  'Opened',
  'Last seen',
  'Value / limit',
  'State',
]

/** A sentence and a table, in which the findings of an incident follow its likely origin, as on the screen. */
export function toMarkdown(
  rows: readonly TableRow[],
  contents: string,
  title: (symptom: string) => string,
  followed: (finding: Finding) => Finding | null,
): string {
  const cells = rows.map((row) => markdownCells(row, title, followed))
  const lines = [HEADER, HEADER.map(() => '---'), ...cells]
  const table = lines.map((line) => `| ${line.join(' | ')} |\n`).join('')
  return `${markdownText(contents)}\n\n${table}`
}

function markdownCells(
  { finding, level, shared }: TableRow,
  title: (symptom: string) => string,
  followed: (finding: Finding) => Finding | null,
): string[] {
  const relation = finding.origin
    ? '(likely origin)'
    : shared && markdownText(`(${causeText(finding, followed(finding))})`)
  return [
    (level === 2 ? '↳ ' : '') + finding.severity,
    markdownText(title(finding.symptom)),
    [markdownCode(finding.tensor), finding.kind, relation].filter(Boolean).join(' '),
    markdownCode(finding.run),
    formatStep(finding.opened_step),
    formatStep(finding.last_step),
    formatBesideLimit(finding.value, finding.threshold, finding.unit),
    stateText(finding, null) + (finding.muted ? `, muted: ${markdownText(finding.muted)}` : ''),
  ]
}

export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  // A spreadsheet runs text that begins like a formula, and names are untrusted.
  // A semicolon separates cells in locales with a decimal comma.
  const safe = value.replace(/(^|;)(?=\s*[=+\-@\t\r＝＋－＠])/g, "$1'")
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function markdownText(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|<>[\]*_`]/g, '\\$&')
}

// A pipe ends a cell even within code, and a backtick ends the code.
function markdownCode(name: string): string {
  return `\`${name
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('`', "'")
    .replaceAll('|', '\\|')}\``
}
