import { describe, expect, it } from 'vitest'
import {
  DEFAULT_VIEW,
  formatHash,
  hasOwnParts,
  parseHash,
  tabOf,
  type ViewState,
} from './url-state'

const busy: ViewState = {
  run: 'a&b=c/träin 1%',
  runFilter: '^mlp|rnn$',
  layerFilter: 'dense_[0-4]/k',
  severities: ['critical', 'info'],
  states: ['open'],
  sort: { column: 'opened', descending: true },
  opened: { id: '0123abcdef', run: 'x:y/z' },
}

describe('the state in the address bar', () => {
  it('comes back as it went', () => {
    expect(parseHash(formatHash('#gradhealth', busy))).toEqual(busy)
    expect(parseHash(formatHash('', DEFAULT_VIEW))).toEqual(DEFAULT_VIEW)
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
