/** Parts of the tab that are loaded after the first paint. */

import type { ComponentType } from 'preact'
import { createLazy } from './lazy'

type Later = typeof import('../later')

const later = createLazy<Later>(() => import('../later'))

export const loadLater = later.load

type Components = {
  [Name in keyof Later as Later[Name] extends ComponentType<infer _> ? Name : never]: Later[Name]
}
type PropsOf<Part> = Part extends ComponentType<infer Props> ? Props : never

type FromLaterProps<Name extends keyof Components> = { part: Name } & PropsOf<Components[Name]>

export function FromLater<Name extends 'Rules' | 'Runs' | 'MuteForm'>({
  part,
  ...props
}: FromLaterProps<Name>) {
  return (
    <later.Slot>
      {(module) => {
        const Part = module[part] as ComponentType<object>
        return <Part {...props} />
      }}
    </later.Slot>
  )
}
