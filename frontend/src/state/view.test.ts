import { describe, expect, it } from 'vitest'
import { aHost } from '../testing/host'
import { createView } from './view'

describe('what the reader chose', () => {
  it('is restored from the address', () => {
    const view = createView(
      aHost('#gradhealth&p.gradhealth.run=mlp&p.gradhealth.severity=critical'),
    )
    expect(view.current.value.run).toBe('mlp')
    expect(view.current.value.severities).toEqual(['critical'])
  })

  it('is written to the address, and only when it changes', () => {
    const host = aHost()
    const view = createView(host)
    expect(host.writeHash).not.toHaveBeenCalled()
    view.change({ layerFilter: 'dense' })
    expect(host.readHash()).toBe('#gradhealth&p.gradhealth.layers=dense')
  })

  it('follows the address', () => {
    const host = aHost()
    const view = createView(host)
    host.goTo('#gradhealth&p.gradhealth.runs=rnn')
    expect(view.current.value.runFilter).toBe('rnn')
    host.goTo('#gradhealth')
    expect(view.current.value.runFilter).toBe('')
  })

  it("stays as it is while another tab is shown, and does not write into that tab's address", () => {
    const host = aHost('#gradhealth&p.gradhealth.run=mlp')
    const view = createView(host)
    host.goTo('#scalars&tagFilter=loss')
    expect(view.current.value.run).toBe('mlp')
    view.change({ run: 'rnn' })
    expect(host.readHash()).toBe('#scalars&tagFilter=loss')
    host.goTo('#gradhealth')
    expect(host.readHash()).toBe('#gradhealth&p.gradhealth.run=rnn')
  })
})
