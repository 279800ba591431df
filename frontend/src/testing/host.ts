/** A host in memory. */

import { signal } from '@preact/signals'
import { vi } from 'vitest'
import type { Host } from '../host'

export function aHost(hash = '#gradhealth') {
  let current = hash
  const listeners: (() => void)[] = []
  const reloads: (() => void)[] = []
  const keys: ((event: KeyboardEvent) => void)[] = []
  return {
    dark: signal(false),
    hidden: vi.fn<Host['hidden']>(() => false),
    readHash: () => current,
    writeHash: vi.fn<Host['writeHash']>((next) => {
      current = next
    }),
    pushHash: vi.fn<Host['pushHash']>((next) => {
      current = next
    }),
    onHashChange: (listener: () => void) => void listeners.push(listener),
    onReload: (listener: () => void) => void reloads.push(listener),
    onReturn: () => {},
    onKeyDown: (listener: (event: KeyboardEvent) => void) => void keys.push(listener),
    /** Presses a key in TensorBoard's page. */
    press: (event: KeyboardEvent) => {
      for (const listener of keys) listener(event)
    },
    href: vi.fn<Host['href']>((link) => `http://tensorboard/#${link.tab}`),
    address: (hash: string) => `http://tensorboard/${hash}`,
    open: vi.fn<Host['open']>(),
    /** Navigates to another address. */
    goTo: (next: string) => {
      current = next
      for (const listener of listeners) listener()
    },
    reload: () => {
      for (const listener of reloads) listener()
    },
  }
}
