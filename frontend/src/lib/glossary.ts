/** Plain words for technical ones, and their explanations. */

import type { Unit } from '../contract'

export interface Term {
  text: string
  /** The explanation, or empty for words that need none. */
  meaning: string
}

const SPREAD =
  'How far the value lies from its median over the last 32 records, as a multiple of how far it usually lies from it; on a logarithmic scale.'

const LABELS: Readonly<Record<string, Term>> = {
  'robust z': { text: 'distance from normal, × its usual spread', meaning: SPREAD },
  'share gained': {
    text: 'share of the way to a perfect prediction',
    meaning: '0 % is the loss of the best constant prediction, 100 % a loss of zero.',
  },
  'factor per layer': {
    text: 'change of the signal per layer',
    meaning: 'The factor by which three layers in a row change the size of the signal.',
  },
}

const WORDS: readonly [pattern: RegExp, meaning: string][] = [
  [/of every single step/, 'Recorded at each training step, not only at the records in between.'],
  [/\bRMS\b/, 'Root mean square: the typical size of the elements.'],
  [
    /dead units/,
    'Units whose output was zero for every sample over several records, so that they cannot learn.',
  ],
  [/dormant units/, 'Units whose output is far smaller than the layer’s mean.'],
]

/** The plain name of a chart, with its explanation. */
export function labelTerm(label: string): Term {
  const known = LABELS[label]
  if (known) return known
  const [, meaning = ''] = WORDS.find(([pattern]) => pattern.test(label)) ?? []
  return { text: label, meaning }
}

const KINDS: Readonly<Record<string, Term>> = {
  gradient: {
    text: 'gradient',
    meaning: 'The derivative of the loss by this tensor, from which the optimizer makes its step.',
  },
  'clipped gradient': { text: 'clipped gradient', meaning: 'The gradient after clipping.' },
  weight: { text: 'weights', meaning: 'The values of this variable.' },
  update: { text: 'update', meaning: 'The change of this variable in one training step.' },
  activation: { text: 'output', meaning: 'What the layer computes for a batch (its activation).' },
  input: { text: 'input', meaning: 'The data that the network is given.' },
  target: { text: 'labels', meaning: 'What the network is trained to predict.' },
  loss: { text: 'loss', meaning: 'What the training minimizes.' },
  training: { text: 'training', meaning: 'Settings and counters of the training.' },
}

/** What a finding was measured on. */
export function kindTerm(kind: string): Term {
  return KINDS[kind] ?? { text: kind, meaning: '' }
}

/** The explanation of a unit, or empty. */
export function unitMeaning(unit: Unit): string {
  return unit === 'z' ? SPREAD : ''
}
