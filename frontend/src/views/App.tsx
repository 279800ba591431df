/** The frame of the tab: the bar, and below it what there is to show. */

import { useEffect } from 'preact/hooks'
import { Bar } from './Bar'
import { useTab } from './context'
import { EmptyState } from './EmptyState'
import { Loading } from './Loading'
import { Overview } from './overview/Overview'

export function App() {
  const { server } = useTab()
  useEscape()
  const answer = server.answer.value
  return (
    <div class="tab">
      <Bar />
      {answer === null ? <Loading /> : answer.runs.length === 0 ? <EmptyState /> : <Overview />}
    </div>
  )
}

/** Escape closes the evidence from wherever the reader is, and leaves them at the table. */
function useEscape() {
  const { view } = useTab()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || view.current.peek().opened === null) return
      if (document.querySelector('dialog[open]')) return
      view.change({ opened: null })
      document.querySelector<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true })
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [view])
}
