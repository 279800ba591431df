/** One of the lists over the rules, or beside them where there is room. */

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Of the view, in pixels; the style sheet's own bound for two columns. */
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
    // Not the evidence too.
    event.stopPropagation()
    frame.current.open = false
    frame.current.querySelector('summary')?.focus()
  }
  return (
    // Beside the rules all stand open; over them, where each hides some of what is being changed, one does.
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
