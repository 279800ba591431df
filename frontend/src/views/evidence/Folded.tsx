/** A folded part of the evidence; its content is made when it is opened. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

interface FoldedProps {
  title: string
  /** The name under which the browser remembers whether it is open; without one it starts folded. */
  remember?: string
  children: ComponentChildren
}

export function Folded({ title, remember, children }: FoldedProps) {
  const key = `gradhealth.open.${remember}`
  const [open, setOpen] = useState(
    () => remember !== undefined && localStorage.getItem(key) === '1',
  )
  const toggle = (next: boolean) => {
    setOpen(next)
    if (remember !== undefined) localStorage.setItem(key, next ? '1' : '')
  }
  return (
    <details
      class="folded"
      open={open}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open !== open) toggle(currentTarget.open)
      }}
    >
      <summary>{title}</summary>
      {open && <div class="folded-body">{children}</div>}
    </details>
  )
}
