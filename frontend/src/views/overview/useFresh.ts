/** The findings that came in since the reader last looked: not those that a filter let in. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { keyOf } from '../../state/trends'
import { useTab } from '../context'

const NONE: ReadonlySet<string> = new Set()

export interface Fresh {
  keys: ReadonlySet<string>
  seen: () => void
}

export function useFresh(): Fresh {
  const { server } = useTab()
  const findings = server.findings.value
  const [keys, setKeys] = useState(NONE)
  // What was there when the tab was opened is no news.
  const known = useRef<ReadonlySet<string> | null>(null)
  useEffect(() => {
    const now = new Set(findings.map(keyOf))
    const before = known.current
    known.current = now
    if (before === null) return
    setKeys((fresh) => {
      const next = [...now].filter((key) => fresh.has(key) || !before.has(key))
      return next.length === 0 ? NONE : new Set(next)
    })
  }, [findings])
  return { keys, seen: () => setKeys(NONE) }
}
