import { useId, useState } from 'preact/hooks'
import type { Term as Explained } from '../lib/glossary'

/** A word with its explanation, where it has one: on hover, and on a tap or key below the word. */
export function Term({ term: { text, meaning } }: { term: Explained }) {
  const [open, setOpen] = useState(false)
  const id = useId()
  if (meaning === '') return <>{text}</>
  return (
    <span class="term-room">
      <button
        class="term"
        type="button"
        title={meaning}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !open) return
          // Does not also close the evidence.
          event.stopPropagation()
          setOpen(false)
        }}
      >
        {text}
      </button>
      {open && (
        <span id={id} class="term-meaning" role="note">
          {meaning}
        </span>
      )}
    </span>
  )
}
