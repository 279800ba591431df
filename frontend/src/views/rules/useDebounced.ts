import { useEffect, useState } from 'preact/hooks'

const DELAY_MS = 800

/** A text after a pause without changes, so that screen readers do not announce every value of a slider. */
export function useDebounced(text: string): string {
  const [delayed, setDelayed] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(text), DELAY_MS)
    return () => clearTimeout(timer)
  }, [text])
  return delayed
}
