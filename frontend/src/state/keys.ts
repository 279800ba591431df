/** Single-key shortcuts, which work on arrival and can be switched off (WCAG 2.1.4). */

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Host } from '../host'

type Shortcuts = Readonly<Record<string, () => void>>

export interface Keys {
  readonly enabled: ReadonlySignal<boolean>
  /** The browser remembers the choice. */
  readonly enable: (on: boolean) => void
  /** Calls the function of a pressed key until the returned function is called. */
  readonly listen: (shortcuts: Shortcuts) => () => void
}

const STORAGE_KEY = 'gradhealth.single-keys'

export function createKeys(host: Host): Keys {
  const enabled = signal(localStorage.getItem(STORAGE_KEY) !== 'off')
  const listeners = new Set<Shortcuts>()
  host.onKeyDown((event) => {
    const { key, target, ctrlKey, metaKey, altKey, defaultPrevented } = event
    if (!enabled.peek() || defaultPrevented || ctrlKey || metaKey || altKey) return
    if (isTyping(target) || document.querySelector('dialog[open]')) return
    for (const shortcuts of listeners) {
      const run = Object.hasOwn(shortcuts, key) ? shortcuts[key] : undefined
      if (!run) continue
      run()
      event.preventDefault()
    }
  })
  const enable = (on: boolean) => {
    localStorage.setItem(STORAGE_KEY, on ? 'on' : 'off')
    enabled.value = on
  }
  const listen = (shortcuts: Shortcuts) => {
    listeners.add(shortcuts)
    return () => listeners.delete(shortcuts)
  }
  return { enabled, enable, listen }
}

/** By names, because the elements of TensorBoard's page belong to another window. */
function isTyping(target: EventTarget | null): boolean {
  const { tagName = '', type = '', isContentEditable = false } = (target ?? {}) as HTMLInputElement
  if (isContentEditable || tagName === 'TEXTAREA' || tagName === 'SELECT') return true
  return tagName === 'INPUT' && type !== 'checkbox' && type !== 'range'
}
