import { expect, it } from 'vitest'
import { aFinding } from '../testing/samples'
import { contentsText } from './export-contents'
import { DEFAULT_VIEW } from './view-state'

const title = () => 'Dead units'

it('counts findings, incidents and runs', () => {
  const findings = [
    aFinding({ id: 'a', incident: 'i' }),
    aFinding({ id: 'b', incident: 'i' }),
    aFinding({ id: 'a', incident: 'i', run: 'other' }),
  ]
  expect(contentsText(findings, DEFAULT_VIEW, title)).toBe(
    '3 findings in 2 incidents of 2 runs; without muted findings',
  )
})

it('names every filter', () => {
  const view = {
    ...DEFAULT_VIEW,
    run: 'a',
    layerFilter: 'dense',
    severities: ['critical'] as const,
    symptoms: ['dead-units'],
    text: 'zero',
    muted: true,
  }
  expect(contentsText([], view, title)).toBe(
    '0 findings in 0 incidents of 0 runs; only the run a; layers matching /dense/; texts with “zero”; ' +
      'only critical; only Dead units; with muted findings',
  )
})
