/** Parts of the tab that are loaded when they are needed. */

import { signal } from '@preact/signals'
import { type ComponentChildren, Fragment } from 'preact'
import { useEffect } from 'preact/hooks'

export interface Lazy<Module> {
  /** Loads the module once; a failed attempt is repeated by the next call. */
  load: () => Promise<Module>
  /** Shows what is made of the module, or that it is being loaded. */
  Slot: (props: { children: (module: Module) => ComponentChildren }) => preact.JSX.Element
}

export function createLazy<Module>(importModule: () => Promise<Module>): Lazy<Module> {
  const loaded = signal<{ module: Module } | null>(null)
  const failed = signal(false)
  let loading: Promise<Module> | null = null

  function load(): Promise<Module> {
    loading ??= importModule().then(
      (module) => {
        loaded.value = { module }
        failed.value = false
        return module
      },
      (error: unknown) => {
        loading = null
        failed.value = true
        throw error
      },
    )
    return loading
  }

  function Slot({ children }: { children: (module: Module) => ComponentChildren }) {
    useEffect(() => {
      load().catch(() => undefined)
    }, [])
    if (loaded.value !== null) return <Fragment>{children(loaded.value.module)}</Fragment>
    return (
      <p class="notice" role="status">
        {failed.value
          ? 'This part of the tab could not be loaded. Reload the page; TensorBoard may have been updated.'
          : 'Loading…'}
      </p>
    )
  }
  return { load, Slot }
}
