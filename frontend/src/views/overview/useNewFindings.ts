/** The findings that are new since the user last looked, independent of the filters. */

import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunsAnswer } from '../../contract'
import type { Entry } from '../../lib/finding-entries'
import { useTab } from '../context'

const NONE: ReadonlySet<string> = new Set()

export interface NewFindingKeys {
  keys: ReadonlySet<string>
  seen: () => void
}

export function useNewFindings(): NewFindingKeys {
  const { server } = useTab()
  const answer = server.answer.value
  const parts = server.page.value === null ? server.parts.value : null
  const [keys, setKeys] = useState(NONE)
  // Findings of the first response are not new.
  const previous = useRef<ReadonlyMap<string, readonly Entry[]> | null>(null)
  const unread = useRef(unreadRuns(null))
  useEffect(() => {
    if (parts === null) return
    const before = previous.current
    const wasUnread = unread.current
    previous.current = parts
    unread.current = unreadRuns(answer)
    if (before === null) return
    const changed = [...parts].filter(([run, part]) => part !== before.get(run))
    const readRuns = changed.filter(([run]) => !wasUnread(run))
    const added = readRuns.flatMap(([run, part]) => addedKeys(before.get(run) ?? [], part))
    setKeys((current) => {
      if (current.size === 0 && added.length === 0) return NONE
      const next = new Set([...current, ...added])
      for (const key of removedKeys(before, parts)) next.delete(key)
      return next.size === 0 ? NONE : next
    })
  }, [parts, answer])
  return { keys, seen: () => setKeys(NONE) }
}

/** The runs that the server had not fully read: their findings are late, not new. */
function unreadRuns(answer: RunsAnswer | null): (run: string) => boolean {
  if (answer?.loading?.done !== false) return () => false
  const read = new Set(
    answer.runs.filter(({ loading }) => loading?.done !== false).map(({ run }) => run),
  )
  return (run) => !read.has(run)
}

function addedKeys(before: readonly Entry[], part: readonly Entry[]): string[] {
  const had = new Set(before.map(({ key }) => key))
  return part.map(({ key }) => key).filter((key) => !had.has(key))
}

/** The keys that are missing in changed or removed runs. */
function removedKeys(
  before: ReadonlyMap<string, readonly Entry[]>,
  parts: ReadonlyMap<string, readonly Entry[]>,
): string[] {
  return [...before].flatMap(([run, part]) =>
    part === parts.get(run) ? [] : addedKeys(parts.get(run) ?? [], part),
  )
}
