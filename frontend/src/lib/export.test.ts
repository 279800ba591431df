import { describe, expect, it } from 'vitest'
import { aFinding } from '../testing/samples'
import { toCsv, toJson, toMarkdown } from './export'

describe('CSV', () => {
  it('has a header and one row a finding, with plain numbers', () => {
    const [header, row, end] = toCsv([aFinding()]).split('\r\n')
    expect(header).toMatch(/^severity,symptom,kind,tensor,layer,run,state,opened_step/)
    expect(row).toMatch(
      /^critical,vanishing-gradient,gradient,dense_0\/kernel,dense_0,mlp_sigmoid,open,40,590,300,,56,0.00041,0.001,true,/,
    )
    expect(end).toBe('')
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
  expect(JSON.parse(toJson([finding]))).toEqual({
    schema: 'gradhealth.findings/1',
    findings: [finding],
  })
})

describe('Markdown', () => {
  it('is a table to paste into an issue', () => {
    const lines = toMarkdown([aFinding()], () => 'Vanishing gradient').split('\n')
    expect(lines[2]).toBe(
      '| critical | Vanishing gradient | `dense_0/kernel` gradient (likely origin) | `mlp_sigmoid` | 40 | 590 | 4.1e-4 / 1e-3 | open |',
    )
  })

  it('keeps names from breaking the table', () => {
    const [, , line] = toMarkdown([aFinding({ tensor: 'a|b`c\nd' })], () => '<b>|x').split('\n')
    expect(line).toContain("`a\\|b'c d`")
    expect(line).toContain('\\<b\\>\\|x')
  })
})
