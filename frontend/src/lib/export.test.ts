import { describe, expect, it } from 'vitest'
import type { Finding } from '../contract'
import { aFinding } from '../testing/samples'
import { toCsv, toJson, toMarkdown } from './export'
import { createEntryBuilder } from './finding-entries'
import { groupFindings } from './incidents'
import { DEFAULT_SORT } from './sort'

describe('CSV', () => {
  it('has a header and one row a finding, with plain numbers', () => {
    const [header, row, end] = toCsv([aFinding()]).split('\r\n')
    expect(header).toMatch(/^severity,symptom,kind,tensor,layer,run,state,opened_step/)
    expect(row).toMatch(
      /^critical,vanishing-gradient,gradient,dense_0\/kernel,dense_0,mlp_sigmoid,open,40,590,300,,56,0.00041,0.001,true,/,
    )
    expect(end).toBe('')
  })

  it('names the incident and the reason of a mute', () => {
    const [header, row] = toCsv([aFinding({ incident: 'i7', muted: 'known' })]).split('\r\n')
    expect(header).toMatch(/,incident,muted$/)
    expect(row).toMatch(/,i7,known$/)
  })

  it('quotes commas, quotes and line breaks', () => {
    expect(toCsv([aFinding({ run: 'a,"b"\nc' })])).toContain(',"a,""b""\nc",')
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('does not let %j be a formula', (run) => {
    expect(toCsv([aFinding({ run })])).toContain(`'${run}`)
  })

  it.each([' =1+1', '＝1+1', '@x;＋2'])('nor %j', (run) => {
    expect(toCsv([aFinding({ run })])).toContain(`'${run.replace(';', ";'")}`)
  })

  it('does so after a semicolon, which parts cells in some languages', () => {
    expect(toCsv([aFinding({ run: '2;@SUM(1); =1' })])).toContain(",2;'@SUM(1);' =1,")
  })

  it('leaves negative numbers numbers', () => {
    expect(toCsv([aFinding({ value: -2.5 })])).toContain(',-2.5,0.001,')
  })
})

it('JSON holds the findings as the server told them', () => {
  const finding = aFinding()
  expect(JSON.parse(toJson([finding], '1 finding'))).toEqual({
    schema: 'gradhealth.findings/1',
    contents: '1 finding',
    findings: [finding],
  })
})

describe('Markdown', () => {
  const written = (findings: Finding[], title = 'Vanishing gradient') => {
    const rows = groupFindings(createEntryBuilder().build(findings), DEFAULT_SORT, () => true)
    const followed = ({ follows }: Finding) => findings.find(({ id }) => id === follows) ?? null
    return toMarkdown(rows, 'as filtered', () => title, followed).split('\n')
  }

  it('is a sentence and a table to paste into an issue', () => {
    const lines = written([aFinding()])
    expect(lines.slice(0, 2)).toEqual(['as filtered', ''])
    expect(lines[4]).toBe(
      '| critical | Vanishing gradient | `dense_0/kernel` gradient (likely origin) | `mlp_sigmoid` | 40 | 590 | 4.1e-4 / 1e-3 | open |',
    )
  })

  it('groups the findings of an incident below its origin, as the table does', () => {
    const lines = written([
      aFinding({ id: 'o', incident: 'i' }),
      aFinding({ id: 'alone', tensor: 'alone' }),
      aFinding({ id: 'f', incident: 'i', tensor: 'late', origin: false, follows: 'o' }),
      aFinding({ id: 'g', incident: 'i', tensor: 'too', origin: false, muted: 'known' }),
    ]).slice(4)
    expect(lines.map((line) => line.split(' | ').slice(0, 3).join(' '))).toEqual([
      '| critical Vanishing gradient `dense_0/kernel` gradient (likely origin)',
      '| ↳ critical Vanishing gradient `late` gradient (follows from dense\\_0/kernel)',
      '| ↳ critical Vanishing gradient `too` gradient (at the same time)',
      '| critical Vanishing gradient `alone` gradient (likely origin)',
      '',
    ])
    expect(lines[2]).toContain('open, muted: known')
  })

  it('keeps names from breaking the table', () => {
    const line = written([aFinding({ tensor: 'a|b`c\nd' })], '<b>|x')[4]
    expect(line).toContain("`a\\|b'c d`")
    expect(line).toContain('\\<b\\>\\|x')
  })
})
