/** Sample runs and findings, in the server's format. */

import {
  type Checked,
  type Finding,
  type FirstPage,
  type Judged,
  type RulesAnswer,
  type Run,
  SEVERITIES,
  type Symptom,
  type SymptomRules,
  type Tensor,
} from '../contract'
import { countBy, groupBy } from '../lib/filter'

export function aRun(fields: Partial<Run> = {}): Run {
  return {
    run: 'mlp_sigmoid',
    verdict: 'critical',
    rank: 0,
    headline: 'dense_0/kernel receives almost no gradient since step 40.',
    named: '0123abcdef',
    reservation: '',
    enough: { records: 60, wanted: 10 },
    checked: someChecks(),
    last_step: 590,
    last_wall_time: 1.7e9,
    records: 60,
    tensors: 26,
    every: 10,
    counts: { critical: 1, warning: 0, info: 0 },
    loss: { first: 2.31, last: 2.3, non_finite_since: null },
    not_measured: [],
    problems: [],
    ...fields,
  }
}

export function aHealthyRun(fields: Partial<Run> = {}): Run {
  const counts = { critical: 0, warning: 0, info: 0 }
  const calm = { verdict: 'healthy', rank: 9, headline: 'Healthy so far.', named: null } as const
  return aRun({ run: 'cnn_healthy', counts, ...calm, ...fields })
}

export function someChecks(fields: Partial<Checked> = {}): Checked {
  return {
    tensors: 26,
    records: 60,
    first_step: 0,
    last_step: 590,
    symptoms: ['vanishing-gradient'],
    not_judged: [],
    closest: {
      symptom: 'vanishing-gradient',
      kind: 'gradient',
      tensor: 'dense_0/kernel',
      value: 0.004,
      threshold: 0.001,
      unit: 'ratio',
      direction: 'below',
    },
    ...fields,
  }
}

/** A finding that is its own incident; `inServersOrder` sets the order among several. */
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
    unit: 'ratio',
    follows: null,
    sort_key: [gravityOf({ severity: 'critical', ...fields }), fields.opened_step ?? 40, 0, 0],
    ...fields,
  }
}

function gravityOf({ severity, muted }: Pick<Finding, 'severity' | 'muted'>): number {
  return muted ? SEVERITIES.length : SEVERITIES.indexOf(severity)
}

export function aLossTensor(): Tensor {
  return {
    tensor: 'loss',
    layer: 'loss',
    kind: 'loss',
    role: 'loss',
    depth: 99,
    shape: [],
    dtype: 'float32',
    activation: '',
    columns: ['mean'],
    magnitudes: false,
    not_measured: '',
  }
}

/** The findings in the server's order, with `sort_key` set: each is its own incident unless several share one. */
export function inServersOrder(findings: readonly Finding[], runs: readonly Run[] = []): Finding[] {
  const ranks = new Map(runs.map(({ run, rank }) => [run, rank]))
  const rankOf = ({ run }: Finding) => ranks.get(run) ?? runs.length
  const graver = (a: Finding, b: Finding) =>
    gravityOf(a) - gravityOf(b) || a.opened_step - b.opened_step || rankOf(a) - rankOf(b)
  const incidents = [...groupBy(findings, ({ run, incident, id }) => `${run} ${incident || id}`)]
    .map(([, members]) => ({
      worst: [...members].sort(graver)[0] as Finding,
      members: [...members].sort((a, b) => Number(b.origin) - Number(a.origin)),
    }))
    .sort((a, b) => graver(a.worst, b.worst))
  return incidents
    .flatMap(({ worst, members }) => members.map((finding) => ({ worst, finding })))
    .map(({ worst, finding }) => ({
      ...finding,
      sort_key: [gravityOf(worst), worst.opened_step, rankOf(worst), 0],
    }))
}

/** The first page of all these findings. */
export function aFirstPage(findings: readonly Finding[]): FirstPage {
  const counted = findings.filter(({ muted }) => !muted)
  const incidents = groupBy(counted, ({ run, incident, id }) => `${run} ${incident || id}`)
  const leads = [...incidents.values()].map(([lead]) => lead as Finding)
  return {
    findings: leads,
    page: {
      total: findings.length,
      muted: findings.length - counted.length,
      counts: {
        severity: countBy(counted, ({ severity }) => severity),
        state: countBy(counted, ({ state }) => state),
        symptom: countBy(counted, ({ symptom }) => symptom) as Record<string, number>,
        kind: countBy(counted, ({ kind }) => kind) as Record<string, number>,
      },
      incidents: incidents.size,
      rows: [...incidents.values()].map((members, i) => ({
        run: (leads[i] as Finding).run,
        lead: (leads[i] as Finding).id,
        findings: members.length,
      })),
      named: counted[0] ?? null,
    },
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

const LIMIT = { minimum: 0, maximum: null, integer: false, logarithmic: false }

export const VANISHING_RULES: SymptomRules = {
  id: 'vanishing-gradient',
  title: 'Vanishing gradient',
  enabled: true,
  least_severity: 'info',
  most_severity: 'critical',
  include: ['*'],
  exclude: [],
  scope: 'Judges gradients; leaves out: a bias.',
  limits: [
    {
      ...LIMIT,
      name: 'threshold',
      value: 0.001,
      default: 0.001,
      meaning: 'share of the reference layer’s gradient below which one has vanished',
      logarithmic: true,
    },
    {
      ...LIMIT,
      name: 'largest_step',
      value: 0.8,
      default: 0.8,
      maximum: 1,
      meaning: 'share of the fall that one pair may have, see `small_norm`',
    },
    {
      ...LIMIT,
      name: 'layers',
      value: 3,
      default: 3,
      minimum: 2,
      meaning: 'layers over which it must fall',
      integer: true,
    },
  ],
}

export function someRules(fields: Partial<RulesAnswer> = {}): RulesAnswer {
  return {
    origin: 'default',
    problem: '',
    toml: 'version = 1\n',
    rules: { version: 1 },
    presets: [
      { name: 'default', summary: 'The rules as they are.', rules: { version: 1 } },
      {
        name: 'strict',
        summary: 'For pipelines.',
        rules: { version: 1, symptoms: { 'vanishing-gradient': { threshold: 0.01 } } },
      },
    ],
    symptoms: [VANISHING_RULES],
    ...fields,
  }
}

export function aJudgement(fields: Partial<Judged> = {}): Judged {
  const before = { critical: 1, warning: 0, info: 0 }
  return {
    toml: 'version = 1\n# judged\n',
    rules: { version: 1 },
    added: [],
    removed: [],
    changed: [],
    counts: { before, after: before },
    ...fields,
  }
}
