import { useTab } from './context'

/** Shown before the first response. The status line shows an error. */
export function Loading() {
  const { server } = useTab()
  return (
    <main class="main" style={{ gridColumn: '1 / -1' }}>
      <h1 class="unseen">Grad Health</h1>
      <p class="notice" role="status">
        {server.failure.value === null
          ? 'Reading the log directory…'
          : 'Nothing could be read yet.'}
      </p>
    </main>
  )
}
