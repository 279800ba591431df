/** Runs and findings for the tests, as the server would tell them. */

import type { Finding, Run, Symptom } from '../contract'

export function aRun(fields: Partial<Run> = {}): Run {
  return {
    run: 'mlp_sigmoid',
    verdict: 'critical',
    last_step: 590,
    last_wall_time: 1.7e9,
    records: 60,
    tensors: 26,
    every: 10,
    counts: { critical: 1, warning: 0, info: 0 },
    loss: { first: 2.31, last: 2.3 },
    not_measured: [],
    problems: [],
    ...fields,
  }
}

export function aHealthyRun(fields: Partial<Run> = {}): Run {
  const counts = { critical: 0, warning: 0, info: 0 }
  return aRun({ run: 'cnn_healthy', verdict: 'healthy', counts, ...fields })
}

export function aFinding(fields: Partial<Finding> = {}): Finding {
  return {
    run: 'mlp_sigmoid',
    id: '0123abcdef',
    symptom: 'vanishing-gradient',
    severity: 'critical',
    kind: 'gradient',
    tensor: 'dense_0/kernel',
    layer: 'dense_0',
    state: 'open',
    opened_step: 40,
    last_step: 590,
    peak_step: 300,
    resolved_step: null,
    count: 56,
    value: 0.00041,
    threshold: 0.001,
    origin: true,
    message:
      'dense_0/kernel receives gradients 2,400 × smaller than the median layer since step 40.',
    ...fields,
  }
}

export const VANISHING: Symptom = {
  id: 'vanishing-gradient',
  title: 'Vanishing gradient',
  meaning: 'The layers near the input receive almost no gradient.',
  causes: ['Sigmoid or tanh in many layers'],
  advice: ['Replace sigmoid by ReLU or GELU'],
  measure: "RMS(g) / median layer's RMS(g)",
  logarithmic: true,
  direction: 'below',
}
