/** The first screen: verdict and alert table, runs at the left, evidence at the right. */

import { useEffect } from 'preact/hooks'
import { AlertTable } from './AlertTable'
import { Bar } from './Bar'
import { useTab } from './context'
import { EmptyState } from './EmptyState'
import { Evidence } from './Evidence'
import { Loading } from './Loading'
import { Sidebar } from './Sidebar'
import { Tools } from './Tools'
import { Verdict } from './Verdict'

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

function Overview() {
  return (
    <>
      <Sidebar />
      <main class="main">
        <Verdict />
        <Tools />
        <AlertTable />
      </main>
      <Evidence />
    </>
  )
}

/** Escape closes the evidence from wherever the reader is, and leaves them at the table. */
function useEscape() {
  const { view } = useTab()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || view.current.peek().opened === null) return
      view.change({ opened: null })
      document.querySelector<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true })
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [view])
}
