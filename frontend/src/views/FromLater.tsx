/** Parts of the tab that are loaded after the first paint. */

import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

type Later = typeof import('../later')

const loaded = signal<Later | null>(null)
const failed = signal(false)
let loading: Promise<Later> | null = null

/** Loads the parts once; a failed attempt is repeated by the next call. */
export function loadLater(): Promise<Later> {
  loading ??= import('../later').then(
    (later) => {
      loaded.value = later
      failed.value = false
      return later
    },
    (error: unknown) => {
      loading = null
      failed.value = true
      throw error
    },
  )
  return loading
}

type Components = {
  [Name in keyof Later as Later[Name] extends ComponentType<infer _> ? Name : never]: Later[Name]
}
type PropsOf<Part> = Part extends ComponentType<infer Props> ? Props : never

type FromLaterProps<Name extends keyof Components> = { part: Name } & PropsOf<Components[Name]>

export function FromLater<Name extends 'Rules' | 'Runs' | 'MuteForm'>({
  part,
  ...props
}: FromLaterProps<Name>) {
  useEffect(() => {
    loadLater().catch(() => undefined)
  }, [])
  if (loaded.value === null) {
    return (
      <p class="notice" role="status">
        {failed.value
          ? 'This part of the tab could not be loaded. Reload the page; TensorBoard may have been updated.'
          : 'Loading…'}
      </p>
    )
  }
  const Part = loaded.value[part] as ComponentType<object>
  return <Part {...props} />
}
