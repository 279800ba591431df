import { afterEach, expect, it, vi } from 'vitest'
import { aHost } from '../testing/host'
import { createKeys } from './keys'

afterEach(() => {
  localStorage.clear()
  document.body.replaceChildren()
})

function press(host: ReturnType<typeof aHost>, key: string, fields: object = {}) {
  const event = { key, target: document.body, preventDefault: vi.fn(), ...fields }
  host.press(event as unknown as KeyboardEvent)
  return event
}

it('calls the function of the pressed key until it is no longer wanted', () => {
  const host = aHost()
  const [next, stop] = [vi.fn(), createKeys(host)]
  const end = stop.listen({ j: next })
  expect(press(host, 'j').preventDefault).toHaveBeenCalled()
  expect(press(host, 'x').preventDefault).not.toHaveBeenCalled()
  end()
  press(host, 'j')
  expect(next).toHaveBeenCalledTimes(1)
})

it('leaves keys alone that are typed, belong to the browser or were used', () => {
  const host = aHost()
  const run = vi.fn()
  createKeys(host).listen({ '1': run })
  press(host, '1', { target: document.createElement('input') })
  press(host, '1', { target: document.createElement('textarea') })
  press(host, '1', { ctrlKey: true })
  press(host, '1', { defaultPrevented: true })
  press(host, 'toString')
  expect(run).not.toHaveBeenCalled()
  const checkbox = Object.assign(document.createElement('input'), { type: 'checkbox' })
  press(host, '1', { target: checkbox })
  expect(run).toHaveBeenCalledTimes(1)
})

it('is switched off for good', () => {
  const host = aHost()
  const run = vi.fn()
  createKeys(host).enable(false)
  createKeys(host).listen({ '1': run })
  press(host, '1')
  expect(run).not.toHaveBeenCalled()
})
