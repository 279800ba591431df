import { describe, expect, it } from 'vitest'
import { aFinding, aHealthyRun, aRun, VANISHING } from '../testing/samples'
import {
  BY_HEALTH,
  formatRunSort,
  matrixSentence,
  parseRunSort,
  runMatrix,
  sortRows,
} from './run-matrix'

const DEAD = { ...VANISHING, id: 'dead-units', title: 'Dead units' }
const known = new Map([DEAD, VANISHING].map((symptom) => [symptom.id, symptom]))
const runs = [
  aRun({ run: 'a', verdict: 'warning', rank: 1, hparams: { rate: 0.1, units: 8, name: 'x' } }),
  aRun({ run: 'b', verdict: 'critical', hparams: { rate: 0.01, units: 8 } }),
  aHealthyRun({ run: 'c10', rank: 3, hparams: { rate: 1, units: 8 } }),
  aHealthyRun({ run: 'c9', rank: 2, hparams: null }),
]
const findings = [
  aFinding({ run: 'a', id: '1', severity: 'warning', opened_step: 70 }),
  aFinding({ run: 'a', id: '2', severity: 'info', opened_step: 5 }),
  aFinding({ run: 'b', id: '1', opened_step: 30 }),
  aFinding({ run: 'b', id: '3', symptom: 'new-one', severity: 'info', opened_step: 8 }),
  aFinding({ run: 'c9', id: '1', symptom: 'dead-units', muted: 'known' }),
]
const matrix = runMatrix(runs, findings, known)
const names = (text: string) =>
  sortRows(matrix.rows, parseRunSort(text)).map(({ run: { run } }) => run)

it('counts what was found in each run, by its worst, without what is muted', () => {
  expect(matrix.symptoms).toEqual(['vanishing-gradient', 'new-one'])
  expect(matrix.rows[0]?.cells.get('vanishing-gradient')).toEqual({
    severity: 'warning',
    count: 2,
    onset: 5,
  })
  expect(matrix.rows[3]?.cells.size).toBe(0)
})

it('tells apart the hyper-parameters that differ', () => {
  expect(matrix.varied).toEqual(['name', 'rate', 'units'])
  const { varied, constant } = runMatrix(runs.slice(0, 3), [], known)
  expect(varied).toEqual(['name', 'rate'])
  expect(constant).toEqual([['units', 8]])
})

describe('the order of the runs', () => {
  it('is that of the server, the one to look at first on top', () => {
    expect(names('')).toEqual(['b', 'a', 'c9', 'c10'])
    expect(names('health')).toEqual(['c10', 'c9', 'a', 'b'])
  })

  it('is by a number as a number, those without one last either way', () => {
    expect(names('hparam:rate')).toEqual(['b', 'a', 'c10', 'c9'])
    expect(names('-hparam:rate')).toEqual(['c10', 'a', 'b', 'c9'])
  })

  it('is by a symptom, or by name as people count', () => {
    expect(names('-symptom:vanishing-gradient')).toEqual(['b', 'a', 'c9', 'c10'])
    expect(names('run')).toEqual(['a', 'b', 'c9', 'c10'])
  })

  it('is by the loss, one that is no number any more after all that are', () => {
    const loss = (run: string, last: number | null, since: number | null = null) =>
      aRun({ run, loss: { first: 3, last, non_finite_since: since } })
    const runs = [loss('nan', 0.14, 343), loss('none', null), loss('bad', 2), loss('good', 0.5)]
    const { rows } = runMatrix(runs, [], known)
    const by = (text: string) => sortRows(rows, parseRunSort(text)).map(({ run }) => run.run)
    expect(by('loss')).toEqual(['good', 'bad', 'nan', 'none'])
    expect(by('-loss')).toEqual(['nan', 'bad', 'good', 'none'])
  })

  it('comes back from the address as it went', () => {
    for (const sort of [BY_HEALTH, { column: 'hparam:a-b', descending: true }]) {
      expect(parseRunSort(formatRunSort(sort))).toEqual(sort)
    }
  })
})

it('says how the runs fare', () => {
  const title = (symptom: string) => known.get(symptom)?.title ?? symptom
  expect(matrixSentence(matrix, title)).toBe(
    '2 of 4 runs are sick; most often: vanishing gradient (2 runs)',
  )
  expect(matrixSentence(runMatrix(runs.slice(2), [], known), title)).toBe('All 2 runs look healthy')
  expect(matrixSentence(runMatrix(runs.slice(1, 2), [], known), title)).toBe(
    'b: dense_0/kernel receives almost no gradient since step 40.',
  )
  expect(matrixSentence(runMatrix([], [], known), title)).toBe('No run passes the filter')
})
