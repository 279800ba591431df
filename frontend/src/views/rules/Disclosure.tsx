/** A collapsible list above the rules, or beside them on wide views. */

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** The width of the view in pixels for two columns, as in the style sheet. */
const TWO_COLUMN_WIDTH = 1100

interface DisclosureProps {
  title: string
  children: ComponentChildren
}

export function Disclosure({ title, children }: DisclosureProps) {
  const frame = useRef<HTMLDetailsElement>(null)
  const wide = useIsWide(frame)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !frame.current?.open) return
    // Does not also close the evidence.
    event.stopPropagation()
    frame.current.open = false
    frame.current.querySelector('summary')?.focus()
  }
  return (
    // Beside the rules all lists are open; above the rules only one is.
    <details
      class="part"
      ref={frame}
      open={wide}
      onKeyDown={onKeyDown}
      {...(wide ? {} : { name: 'rules-part' })}
    >
      <summary>{title}</summary>
      {children}
    </details>
  )
}

function useIsWide(element: RefObject<HTMLElement | null>): boolean {
  const [wide, setWide] = useState(false)
  useEffect(() => {
    const view = element.current?.closest('.main')
    if (!view) return
    const observer = new ResizeObserver(([entry]) =>
      setWide((entry?.contentRect.width ?? 0) >= TWO_COLUMN_WIDTH),
    )
    observer.observe(view)
    return () => observer.disconnect()
  }, [element])
  return wide
}
