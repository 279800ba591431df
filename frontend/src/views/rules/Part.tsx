/** One of the lists over the rules, or beside them where there is room. */

import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

/** Over the rules an open list would hide what is being changed. */
const ROOMY_PX = 1560

interface PartProps {
  title: string
  children: ComponentChildren
}

export function Part({ title, children }: PartProps) {
  const frame = useRef<HTMLDetailsElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !frame.current?.open) return
    // Not the evidence too.
    event.stopPropagation()
    frame.current.open = false
    frame.current.querySelector('summary')?.focus()
  }
  return (
    <details class="part" ref={frame} open={window.innerWidth > ROOMY_PX} onKeyDown={onKeyDown}>
      <summary>{title}</summary>
      {children}
    </details>
  )
}
