import { describe, expect, it } from 'vitest'
import { formatHash, hasOwnParts, parseHash, tabOf } from './url-state'
import { DEFAULT_VIEW, type ViewState } from './view-state'

const busy: ViewState = {
  view: 'layers',
  run: 'a&b=c/träin 1%',
  runFilter: '^mlp|rnn$',
  layerFilter: 'dense_[0-4]/k',
  severities: ['critical', 'info'],
  states: ['open'],
  symptoms: ['dead-units', 'a,b'],
  kinds: ['gradient'],
  text: 'NaN & 50 %',
  muted: true,
  flat: true,
  unfolded: ['1f,2:run,with,commas', 'x:y'],
  axis: 'time',
  columns: ['Severity', 'Value / limit'],
  widths: { layer: 320, symptom: 90 },
  sort: { column: 'opened', descending: true },
  opened: { id: '0123abcdef', run: 'x:y/z' },
  statistic: 'gradient.rms',
  steps: { from: -5, to: 1200 },
  blocks: true,
  openBlocks: ['a/b,c', 'd'],
  picture: 'network',
  paint: 'statistic',
  at: 120,
  incident: '0123abcdef',
  compared: ['a,b', 'c'],
  runSort: '-learning rate',
  runGroup: 'batch size',
  ranges: { 'a:b,c': ['0.001', ''], optimizer: ['adam', 'adam,w'] },
  hiddenColumns: ['symptom:dead-units', 'hparam:a,b'],
  baseline: 'a,b/c',
  draft: '{"version":1,"symptoms":{"dead-units":{"enabled":false}}}',
}

describe('the state in the address bar', () => {
  it('comes back as it went', () => {
    expect(parseHash(formatHash('#gradhealth', busy))).toEqual(busy)
    expect(parseHash(formatHash('', DEFAULT_VIEW))).toEqual(DEFAULT_VIEW)
  })

  it('keeps what a newer tab would say in it', () => {
    expect(formatHash('#gradhealth&p.gradhealth.newer=1&p.gradhealth.run=a', DEFAULT_VIEW)).toBe(
      '#gradhealth&p.gradhealth.newer=1',
    )
  })

  it('takes no range of steps that ends before it begins', () => {
    expect(parseHash('#gradhealth&p.gradhealth.steps=9:3').steps).toBeNull()
    expect(parseHash('#gradhealth&p.gradhealth.steps=x').steps).toBeNull()
  })

  it('takes no range of values that has no end, or is none', () => {
    const read = (text: string) => parseHash(`#gradhealth&p.gradhealth.range=${text}`).ranges
    expect(read('rate:0.1:,layers::,depth:4:8:9,x,a:b')).toEqual({ rate: ['0.1', ''] })
  })

  it('takes no width that would hide a column or the rest of the table', () => {
    const { widths } = parseHash(
      '#gradhealth&p.gradhealth.widths=layer:3,run:1e9,symptom:200,x:100',
    )
    expect(widths).toEqual({ symptom: 200 })
  })

  it('takes no room while nothing was chosen', () => {
    expect(formatHash('#gradhealth&p.gradhealth.run=old', DEFAULT_VIEW)).toBe('#gradhealth')
    expect(formatHash('', DEFAULT_VIEW)).toBe('#gradhealth')
  })

  it("leaves the other tabs' parts alone", () => {
    const hash = formatHash('#gradhealth&tagFilter=loss&p.other.k=1&p.gradhealth.run=old', {
      ...DEFAULT_VIEW,
      run: 'new',
    })
    expect(hash).toBe('#gradhealth&tagFilter=loss&p.other.k=1&p.gradhealth.run=new')
  })

  it('forgives nonsense', () => {
    const hash =
      '#gradhealth&p.gradhealth.sort=size&p.gradhealth.severity=fatal,info&p.gradhealth.runs=100%&p.gradhealth.finding=:x&p.gradhealth.run'
    expect(parseHash(hash)).toEqual({ ...DEFAULT_VIEW, severities: ['info'], runFilter: '100%' })
  })

  it('knows which tab is shown', () => {
    expect(tabOf('#scalars&tagFilter=x')).toBe('scalars')
    expect(tabOf('')).toBe('')
    expect(hasOwnParts('#gradhealth')).toBe(false)
    expect(hasOwnParts('#gradhealth&p.gradhealth.run=a')).toBe(true)
  })
})
