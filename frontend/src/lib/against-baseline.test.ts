import { expect, it } from 'vitest'
import { aFinding } from '../testing/samples'
import { againstBaseline, changeText } from './against-baseline'

const baseline = [
  aFinding({ run: 'old', id: 'a', severity: 'warning' }),
  aFinding({ run: 'old', id: 'b', severity: 'critical' }),
  aFinding({ run: 'old', id: 'c' }),
  aFinding({ run: 'old', id: 'm', muted: 'known' }),
]

it('finds what is new, worse, known and gone', () => {
  const run = [
    aFinding({ id: 'a', severity: 'critical' }),
    aFinding({ id: 'b', severity: 'warning' }),
    aFinding({ id: 'd', severity: 'info' }),
  ]
  const { changes, counts } = againstBaseline(run, baseline)
  expect(Object.fromEntries(changes)).toEqual({ a: 'worse', b: 'known', d: 'new' })
  expect(counts).toEqual({ new: 1, worse: 1, known: 1, gone: 1 })
})

it('does not count muted findings on either side', () => {
  const run = [aFinding({ id: 'm' }), aFinding({ id: 'n', muted: 'known' })]
  expect(againstBaseline(run, baseline).counts).toEqual({ new: 1, worse: 0, known: 0, gone: 3 })
})

it('is said in words', () => {
  expect(changeText(againstBaseline(baseline, baseline))).toBe('nothing new')
  expect(changeText(againstBaseline([aFinding({ id: 'x' })], baseline))).toBe('1 new, 3 gone')
  expect(changeText(againstBaseline([], baseline))).toBe('nothing new, 3 gone')
})
