import { expect, it } from 'vitest'
import { aFinding, aRun } from '../testing/samples'
import { compareFindings, comparisonMarkdown, differentParameters } from './compare-runs'

const findings = [
  aFinding({ run: 'a', id: '1', tensor: 'x', opened_step: 50 }),
  aFinding({ run: 'b', id: '1', tensor: 'x', opened_step: 20 }),
  aFinding({ run: 'a', id: '2', tensor: 'y', opened_step: 90 }),
  aFinding({ run: 'a', id: '3', tensor: 'z', opened_step: 30, severity: 'warning' }),
  aFinding({ run: 'a', id: '4', tensor: 'z', opened_step: 70 }),
  aFinding({ run: 'b', id: '5', tensor: 'y', opened_step: 90, kind: 'weight' }),
  aFinding({ run: 'b', id: '6', tensor: 'w', muted: 'known' }),
  aFinding({ run: 'c', id: '7', tensor: 'y' }),
]

it('says what got sick in one and not in the other, what began first on top', () => {
  const told = compareFindings(findings, 'a', 'b').map(({ side, tensor, kind, first, second }) => [
    side,
    tensor,
    kind,
    first?.opened_step ?? null,
    second?.opened_step ?? null,
  ])
  expect(told).toEqual([
    ['first', 'z', 'gradient', 70, null],
    ['first', 'y', 'gradient', 90, null],
    ['second', 'y', 'weight', null, 90],
    ['both', 'x', 'gradient', 50, 20],
  ])
})

it('says which hyper-parameters differ', () => {
  const [a, b] = [
    aRun({ hparams: { rate: 1, units: 2 } }),
    aRun({ hparams: { units: 2, name: 'n' } }),
  ]
  expect(differentParameters(a, b)).toEqual([
    { name: 'name', first: null, second: 'n' },
    { name: 'rate', first: 1, second: null },
  ])
  expect(differentParameters(aRun(), aRun())).toEqual([])
})

it('is written as tables that no name can break', () => {
  const hostile = compareFindings([aFinding({ run: 'a', tensor: 'x|<b>\ny' })], 'a', 'b|')
  const runs = [aRun({ run: 'a', hparams: { rate: 1 } }), aRun({ run: 'b|', hparams: {} })] as const
  expect(comparisonMarkdown(...runs, hostile, () => 'T').split('\n')).toEqual([
    '| Found | Symptom | Tensor | Kind | a | b\\| |',
    '|---|---|---|---|---|---|',
    '| only in a | T | x\\|\\<b\\> y | gradient | critical, step 40 | – |',
    '',
    '| Hyper-parameter | a | b\\| |',
    '|---|---|---|',
    '| rate | 1 | – |',
    '',
  ])
})
