/** A server in memory. */

import { vi } from 'vitest'
import type { Api, Evidence } from '../api'
import type { Finding, Run, Tensor } from '../contract'
import { decodeFrame, type Frame } from '../lib/frame'
import { encodeFrame } from './frames'
import {
  aFinding,
  aFirstPage,
  aJudgement,
  aRun,
  inServersOrder,
  someRules,
  VANISHING,
} from './samples'

export function aServer(runs: Run[] = [aRun()], told: Finding[] = [aFinding()]) {
  const findings = inServersOrder(told, runs)
  return {
    runs: vi.fn<Api['runs']>(async () => ({
      version: '0.1.0',
      logdir: 'logs',
      runs,
      problems: [],
    })),
    findings: vi.fn<Api['findings']>(async () => findings),
    firstPage: vi.fn<Api['firstPage']>(async () => aFirstPage(findings)),
    symptoms: vi.fn<Api['symptoms']>(async () => [VANISHING]),
    trends: vi.fn<Api['trends']>(async (_run, ids) =>
      Object.fromEntries(ids.map((id) => [id, [0.1, 0.01, null, 0.0005]])),
    ),
    tensors: vi.fn<Api['tensors']>(async () => [A_GRADIENT]),
    series: vi.fn<Api['series']>(async ({ run }) =>
      framed({ run, points: 2 }, { step: [0, 30], mean: [0.1, 0.01] }),
    ),
    steps: vi.fn<Api['steps']>(async ({ run }) =>
      framed({ run, points: 3, statistic: 'RMS' }, { step: [8, 9, 10], value: [1, 2, 3] }),
    ),
    magnitudes: vi.fn<Api['magnitudes']>(async ({ run }) =>
      framed(
        { run, points: 2, exponents: [-4, -2], bins: 2 },
        { step: [0, 30], share: [1, 0, 0, 1] },
      ),
    ),
    heatmap: vi.fn<Api['heatmap']>(async ({ run, kind, column }) =>
      framed(
        {
          run,
          kind,
          column,
          points: 2,
          rows: [{ tensor: 'dense_0/kernel', layer: 'dense_0', role: 'kernel', depth: 0 }],
        },
        { step: [0, 30], value: [1, 2] },
      ),
    ),
    states: vi.fn<Api['states']>(async () => []),
    graph: vi.fn<Api['graph']>(async () => null),
    rules: vi.fn<Api['rules']>(async () => someRules()),
    judge: vi.fn<Api['judge']>(async () => aJudgement()),
    evidence: vi.fn<Api['evidence']>(async (run, id) =>
      anEvidence(findings.find((finding) => finding.run === run && finding.id === id)),
    ),
  }
}

const A_GRADIENT: Tensor = {
  tensor: 'dense_0/kernel',
  layer: 'dense_0',
  kind: 'gradient',
  role: 'kernel',
  depth: 0,
  shape: [64, 32],
  dtype: 'float32',
  activation: 'sigmoid',
  columns: ['rms'],
  magnitudes: true,
  not_measured: '',
}

function framed<Header>(header: object, columns: Record<string, number[]>) {
  return decodeFrame(encodeFrame(header, columns)) as unknown as Frame<Header>
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
