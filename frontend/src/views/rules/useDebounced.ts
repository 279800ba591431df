import { useEffect, useState } from 'preact/hooks'

const DELAY_MS = 800

/** A text once it has stood still: a slider on its way should not be talked over. */
export function useDebounced(text: string): string {
  const [delayed, setDelayed] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(text), DELAY_MS)
    return () => clearTimeout(timer)
  }, [text])
  return delayed
}
