/** The table's rows as CSV, JSON and Markdown. */

import type { Finding } from '../contract'
import { stateText } from './finding-text'
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
] as const satisfies readonly (keyof Finding)[]

/** RFC 4180, with unformatted numbers. */
export function toCsv(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => COLUMNS.map((column) => csvCell(finding[column])))
  return [COLUMNS.join(','), ...rows.map((row) => row.join(','))].join('\r\n').concat('\r\n')
}

export function toJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ schema: 'gradhealth.findings/1', findings }, null, 2)}\n`
}

export function toMarkdown(
  findings: readonly Finding[],
  title: (symptom: string) => string,
): string {
  const header = [
    'Severity',
    'Symptom',
    'Tensor',
    'Run',
    'Opened',
    'Last seen',
    'Value / limit',
    'State',
  ]
  const rows = findings.map((finding) => [
    finding.severity,
    markdownText(title(finding.symptom)),
    [markdownCode(finding.tensor), finding.kind, finding.origin && '(likely origin)']
      .filter(Boolean)
      .join(' '),
    markdownCode(finding.run),
    formatStep(finding.opened_step),
    formatStep(finding.last_step),
    formatBesideLimit(finding.value, finding.threshold, finding.unit),
    stateText(finding, null),
  ])
  const lines = [header, header.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
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
