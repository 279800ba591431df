/** The findings that came in since the reader last looked: not those that a filter let in. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Entry } from '../../lib/register'
import { useTab } from '../context'

const NONE: ReadonlySet<string> = new Set()

export interface Fresh {
  keys: ReadonlySet<string>
  seen: () => void
}

export function useFresh(): Fresh {
  const { server } = useTab()
  const parts = server.page.value === null ? server.parts.value : null
  const [keys, setKeys] = useState(NONE)
  // What was there when the tab was opened is no news.
  const known = useRef<ReadonlyMap<string, readonly Entry[]> | null>(null)
  useEffect(() => {
    if (parts === null) return
    const before = known.current
    known.current = parts
    if (before === null) return
    const moved = [...parts].filter(([run, part]) => part !== before.get(run))
    const came = moved.flatMap(([run, part]) => arrivals(before.get(run) ?? [], part))
    setKeys((fresh) => {
      if (fresh.size === 0 && came.length === 0) return NONE
      const next = new Set([...fresh, ...came])
      for (const key of gone(before, parts)) next.delete(key)
      return next.size === 0 ? NONE : next
    })
  }, [parts])
  return { keys, seen: () => setKeys(NONE) }
}

function arrivals(before: readonly Entry[], part: readonly Entry[]): string[] {
  const had = new Set(before.map(({ key }) => key))
  return part.map(({ key }) => key).filter((key) => !had.has(key))
}

/** Of the runs that moved on, or are there no more. */
function gone(
  before: ReadonlyMap<string, readonly Entry[]>,
  parts: ReadonlyMap<string, readonly Entry[]>,
): string[] {
  return [...before].flatMap(([run, part]) =>
    part === parts.get(run) ? [] : arrivals(parts.get(run) ?? [], part),
  )
}
