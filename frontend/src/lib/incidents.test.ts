import { expect, it } from 'vitest'
import type { Finding } from '../contract'
import { aFinding, inServersOrder } from '../testing/samples'
import { createEntryBuilder } from './finding-entries'
import { flatRows, groupFindings } from './incidents'
import { DEFAULT_SORT, inOrder } from './sort'

// Two incidents of one run: a mild origin that brought about a critical finding, and a critical one alone.
const origin = aFinding({ id: 'o', incident: 'i', severity: 'info', tensor: 'b', opened_step: 9 })
const worst = aFinding({ id: 'w', incident: 'i', origin: false, tensor: 'a', opened_step: 9 })
const mild = aFinding({ id: 'm', incident: 'i', origin: false, severity: 'warning', tensor: 'c' })
const alone = aFinding({ id: 'a', incident: 'j', tensor: 'd', opened_step: 10 })
const elsewhere = aFinding({ id: 'e', incident: 'i', run: 'other', severity: 'info', tensor: 'e' })
const all = inServersOrder([alone, mild, worst, origin, elsewhere])

const entered = (findings: Finding[]) => {
  const entryBuilder = createEntryBuilder()
  const entries = entryBuilder.build(findings)
  entryBuilder.updatePositions()
  return inOrder(entries)
}

const told = (sort = DEFAULT_SORT, unfolded: string[] = [], findings = all) =>
  groupFindings(entered(findings), sort, (incident) => unfolded.includes(incident)).map(
    ({ finding, level, others }) => `${level}${finding.id}+${others}`,
  )

it('leads an incident with its origin, in the place of its worst', () => {
  expect(told()).toEqual(['1o+2', '1a+0', '1e+0'])
})

it('turns round by the gravity of the whole incident', () => {
  expect(told({ column: 'severity', descending: false })).toEqual(['1e+0', '1o+2', '1a+0'])
})

it('unfolds the others below, in the order of the server or of the column', () => {
  expect(told(DEFAULT_SORT, ['i:mlp_sigmoid'])).toEqual(['1o+2', '2m+0', '2w+0', '1a+0', '1e+0'])
  expect(told({ column: 'layer', descending: true }, ['i:mlp_sigmoid'])).toEqual([
    '1e+0',
    '1a+0',
    '1o+2',
    '2m+0',
    '2w+0',
  ])
})

it('lets the next one lead where the origin was filtered out', () => {
  const [, ...rest] = all
  expect(told(DEFAULT_SORT, [], rest)).toEqual(['1m+1', '1a+0', '1e+0'])
})

it('gives a row to each where they are not to be grouped', () => {
  const rows = flatRows(entered(all), { column: 'layer', descending: false })
  expect(rows.map(({ finding }) => finding.id)).toEqual(['w', 'o', 'm', 'a', 'e'])
})
