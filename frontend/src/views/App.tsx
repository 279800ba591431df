/** The layout of the tab: the bar on top, runs at the left, a view in the middle, evidence at the right. */

import { useEffect } from 'preact/hooks'
import type { ViewName } from '../lib/view-state'
import { Bar } from './Bar'
import { useTab } from './context'
import { EmptyState } from './EmptyState'
import { Evidence } from './evidence/Evidence'
import { FromLater } from './FromLater'
import { Loading } from './Loading'
import { Layers } from './layers/Layers'
import { FindingsLoading } from './overview/AlertTable'
import { Overview } from './overview/Overview'
import { Sidebar } from './overview/Sidebar'

const VIEWS: Readonly<Record<ViewName, () => preact.JSX.Element>> = {
  overview: Overview,
  layers: Layers,
  runs: () => <FromLater part="Runs" />,
  rules: () => <FromLater part="Rules" />,
}

export function App() {
  const { server, view } = useTab()
  useEscape()
  const answer = server.answer.value
  const shown = view.current.value.view
  const Shown = VIEWS[shown]
  // Both views need all findings.
  const waits = server.page.value !== null && (shown === 'runs' || shown === 'rules')
  return (
    <div class="tab" data-view={shown}>
      <Bar />
      {answer === null ? (
        <Loading />
      ) : answer.runs.length === 0 ? (
        <EmptyState />
      ) : (
        <>
          {/* The view Runs has its own table of runs. */}
          {shown !== 'runs' && <Sidebar />}
          <main class="main">{waits ? <FindingsLoading /> : <Shown />}</main>
          <Evidence />
        </>
      )}
    </div>
  )
}

/** Escape closes the evidence from anywhere, and moves the focus to the start of the view. */
function useEscape() {
  const { view } = useTab()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || view.current.peek().opened === null) return
      if (document.querySelector('dialog[open]')) return
      view.change({ opened: null })
      document.querySelector<HTMLElement>('[data-home]')?.focus({ preventScroll: true })
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [view])
}
