import { describe, expect, it } from 'vitest'
import type { Finding } from '../contract'
import { aFinding } from '../testing/samples'
import { createRegister } from './register'
import { DEFAULT_SORT, excess, inUrgency, itself, nextSort, type Sort, sortBy } from './sort'

function sorted(findings: readonly Finding[], sort: Sort): Finding[] {
  const register = createRegister()
  const entries = register.enter(findings)
  register.place()
  return sortBy(inUrgency(entries), itself, sort).map(({ finding }) => finding)
}

describe('the table', () => {
  it('begins with the worst, then the first to open', () => {
    const findings = [
      aFinding({ id: 'info', severity: 'info', opened_step: 0 }),
      aFinding({ id: 'late', opened_step: 90 }),
      aFinding({ id: 'warning', severity: 'warning', opened_step: 5 }),
      aFinding({ id: 'early', opened_step: 10 }),
    ]
    const order = sorted(findings, DEFAULT_SORT).map(({ id }) => id)
    expect(order).toEqual(['early', 'late', 'warning', 'info'])
    expect(findings[0]?.id).toBe('info')
  })

  it('sorts numbers within names as numbers', () => {
    const findings = ['dense_10', 'dense_2', 'dense_1'].map((tensor) => aFinding({ tensor }))
    const order = sorted(findings, { column: 'layer', descending: false })
    expect(order.map(({ tensor }) => tensor)).toEqual(['dense_1', 'dense_2', 'dense_10'])
  })

  it('names the likely origin before those that began with it', () => {
    const findings = [aFinding({ id: 'follower', origin: false, tensor: 'a' }), aFinding()]
    expect(sorted(findings, DEFAULT_SORT)[0]?.origin).toBe(true)
  })
})

it('a click sorts by a column, a second one turns it round', () => {
  expect(nextSort(DEFAULT_SORT, 'opened')).toEqual({ column: 'opened', descending: false })
  expect(nextSort(DEFAULT_SORT, 'value')).toEqual({ column: 'value', descending: true })
  expect(nextSort(DEFAULT_SORT, 'severity')).toEqual({ column: 'severity', descending: false })
})

it('a value is compared with its own limit, on whichever side', () => {
  expect(excess(aFinding({ value: 50, threshold: 10 }))).toBe(5)
  expect(excess(aFinding({ value: 0.001, threshold: 0.01 }))).toBeCloseTo(10)
  expect(excess(aFinding({ value: 3, threshold: 0 }))).toBe(Number.MAX_VALUE)
  expect(excess(aFinding({ value: 0, threshold: 0 }))).toBe(1)
  expect(excess(aFinding({ value: null }))).toBe(Number.MAX_VALUE)
})
