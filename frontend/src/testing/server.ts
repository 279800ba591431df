/** A server that answers from memory. */

import { vi } from 'vitest'
import type { Api, Evidence } from '../api'
import type { Finding, Run } from '../contract'
import { aFinding, aRun, VANISHING } from './samples'

export function aServer(runs: Run[] = [aRun()], findings: Finding[] = [aFinding()]) {
  return {
    runs: vi.fn<Api['runs']>(async () => ({
      version: '0.1.0',
      logdir: 'logs',
      runs,
      problems: [],
    })),
    findings: vi.fn<Api['findings']>(async () => findings),
    symptoms: vi.fn<Api['symptoms']>(async () => [VANISHING]),
    evidence: vi.fn<Api['evidence']>(async (run, id) =>
      anEvidence(findings.find((finding) => finding.run === run && finding.id === id)),
    ),
  }
}

export function anEvidence(finding: Finding = aFinding()): Evidence {
  const names = ['step', 'value', 'threshold', 'statistic', 'reference', 'loss']
  const columns = [
    [0, 10, 20, 30],
    [Number.NaN, 0.01, 0.001, 0.0004],
    [0.001, 0.001, 0.001, 0.001],
    [1e-3, 1e-4, 1e-5, 1e-6],
    [0.01, 0.01, 0.01, 0.01],
    [2.3, 2.2, Number.NaN, 2.1],
  ].map((values) => Float64Array.from(values))
  return {
    header: {
      run: finding.run,
      finding,
      points: 4,
      columns: names.map((name) => ({ name, dtype: 'float64' as const, length: 4 })),
      labels: { value: 'gradient RMS / median layer', statistic: 'gradient RMS' },
    },
    columns: new Map(names.map((name, i) => [name, columns[i] as Float64Array])),
  }
}
