/** The findings that came in since the reader last looked: not those that a filter let in. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunsAnswer } from '../../contract'
import type { Entry } from '../../lib/register'
import { useTab } from '../context'

const NONE: ReadonlySet<string> = new Set()

export interface Fresh {
  keys: ReadonlySet<string>
  seen: () => void
}

export function useFresh(): Fresh {
  const { server } = useTab()
  const answer = server.answer.value
  const parts = server.page.value === null ? server.parts.value : null
  const [keys, setKeys] = useState(NONE)
  // What was there when the tab was opened is no news.
  const known = useRef<ReadonlyMap<string, readonly Entry[]> | null>(null)
  const unread = useRef(unreadBy(null))
  useEffect(() => {
    if (parts === null) return
    const before = known.current
    const wasUnread = unread.current
    known.current = parts
    unread.current = unreadBy(answer)
    if (before === null) return
    const moved = [...parts].filter(([run, part]) => part !== before.get(run))
    const told = moved.filter(([run]) => !wasUnread(run))
    const came = told.flatMap(([run, part]) => arrivals(before.get(run) ?? [], part))
    setKeys((fresh) => {
      if (fresh.size === 0 && came.length === 0) return NONE
      const next = new Set([...fresh, ...came])
      for (const key of gone(before, parts)) next.delete(key)
      return next.size === 0 ? NONE : next
    })
  }, [parts, answer])
  return { keys, seen: () => setKeys(NONE) }
}

/** Which runs the server had not read to their ends yet: what it finds there is old, only told late. */
function unreadBy(answer: RunsAnswer | null): (run: string) => boolean {
  if (answer?.loading?.done !== false) return () => false
  const read = new Set(
    answer.runs.filter(({ loading }) => loading?.done !== false).map(({ run }) => run),
  )
  return (run) => !read.has(run)
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
