/** The columns of the table of runs. */

import type { Matrix } from './run-matrix'

export interface RunColumn {
  /** Also the name by which the table is sorted: `health`, `step`, `symptom:…`, `hparam:…`. */
  id: string
  title: string
  look: 'symptom' | 'parameter' | ''
  number: boolean
  /** Whether the first click sorts in descending order. */
  descendingFirst: boolean
}

/** All columns but the run's name, which is always shown. */
export function runColumns(
  matrix: Matrix,
  title: (symptom: string) => string,
  baseline: string | null,
): RunColumn[] {
  const plain = { look: '', number: false, descendingFirst: false } as const
  const against = { ...plain, id: 'baseline', title: 'Against the baseline', descendingFirst: true }
  return [
    { ...plain, id: 'health', title: 'Health', descendingFirst: true },
    ...(baseline === null ? [] : [against]),
    ...matrix.symptoms.map((symptom) => ({
      ...plain,
      id: `symptom:${symptom}`,
      title: title(symptom),
      look: 'symptom' as const,
      descendingFirst: true,
    })),
    ...matrix.varied.map((name) => ({
      ...plain,
      id: `hparam:${name}`,
      title: name,
      look: 'parameter' as const,
      number: true,
    })),
    { ...plain, id: 'step', title: 'Last step', number: true },
    { ...plain, id: 'loss', title: 'Loss', number: true },
  ]
}
