import { describe, expect, it } from 'vitest'
import type { Finding } from '../contract'
import { aFinding } from '../testing/samples'
import { createEntryBuilder } from './finding-entries'
import { DEFAULT_SORT, excess, inOrder, itself, nextSort, type Sort, sortBy } from './sort'

function ordered(findings: readonly Finding[]) {
  const entryBuilder = createEntryBuilder()
  const entries = entryBuilder.build(findings)
  entryBuilder.updatePositions()
  return inOrder(entries)
}

const idsOf = (findings: readonly Finding[]) => ordered(findings).map(({ finding }) => finding.id)

function sorted(findings: readonly Finding[], sort: Sort): Finding[] {
  return sortBy(ordered(findings), itself, sort).map(({ finding }) => finding)
}

describe("the server's order", () => {
  it('compares keys number by number, and leaves equal ones as they come', () => {
    const findings = [
      aFinding({ id: 'gravity', sort_key: [1, 0, 0, 0] }),
      aFinding({ id: 'onset', sort_key: [0, 90, 0, 0] }),
      aFinding({ id: 'run', run: 'late', sort_key: [0, 10, 1, 0] }),
      aFinding({ id: 'first', run: 'early', sort_key: [0, 10, 0, 5] }),
      aFinding({ id: 'second', run: 'another', sort_key: [0, 10, 0, 5] }),
    ]
    expect(idsOf(findings)).toEqual(['first', 'second', 'run', 'onset', 'gravity'])
    expect(findings[0]?.id).toBe('gravity')
  })
})

describe('the table', () => {
  it('sorts by severity, and leaves the order among equals', () => {
    const findings = [
      aFinding({ id: 'mild origin', severity: 'info', sort_key: [0, 5, 0, 0] }),
      aFinding({ id: 'worst', sort_key: [0, 5, 0, 0] }),
      aFinding({ id: 'warning', severity: 'warning', sort_key: [1, 0, 0, 0] }),
      aFinding({ id: 'another', sort_key: [0, 9, 0, 0] }),
    ]
    const order = sorted(findings, DEFAULT_SORT).map(({ id }) => id)
    expect(order).toEqual(['worst', 'another', 'warning', 'mild origin'])
  })

  it('sorts numbers within names as numbers', () => {
    const findings = ['dense_10', 'dense_2', 'dense_1'].map((tensor) => aFinding({ tensor }))
    const order = sorted(findings, { column: 'layer', descending: false })
    expect(order.map(({ tensor }) => tensor)).toEqual(['dense_1', 'dense_2', 'dense_10'])
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
