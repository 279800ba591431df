import { useEffect, useState } from 'preact/hooks'

const QUIET_MS = 800

/** A text once it has stood still: a slider on its way should not be talked over. */
export function useSettled(text: string): string {
  const [settled, settle] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => settle(text), QUIET_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
