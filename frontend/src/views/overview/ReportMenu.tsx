/** The report of `gradhealth check` as a file, of the runs that the filter leaves. */

import { count } from '../../lib/numbers'
import { useTab } from '../context'
import { useDismiss } from './Choice'

const FORMATS = [
  ['html', 'Web page'],
  ['markdown', 'Markdown'],
  ['json', 'JSON'],
  ['csv', 'CSV'],
  ['sarif', 'SARIF'],
  ['junit', 'JUnit'],
] as const

/** The limit of the route. */
const MAX_RUNS = 1000

export function ReportMenu() {
  const { alerts, server, view } = useTab()
  const menu = useDismiss()
  const selected = view.current.value.run
  const all = server.answer.value?.runs.length ?? 0
  const runs = selected === null ? alerts.runs.value.map(({ run }) => run) : [selected]
  const named = runs.length < all ? runs.slice(0, MAX_RUNS) : []
  const of =
    selected ?? (named.length > 0 ? count(named.length, 'run') : `all ${count(all, 'run')}`)
  const address = (format: string) =>
    `report?${new URLSearchParams([['format', format], ...named.map((run) => ['run', run])])}`
  const close = () => {
    if (menu.current) menu.current.open = false
  }
  return (
    <details class="choice" ref={menu}>
      <summary class="button" title="The report of gradhealth check">
        Report <span aria-hidden="true">▾</span>
      </summary>
      <div class="choices report-formats">
        <p class="muted">
          Every finding of <bdi>{of}</bdi>, as <code>gradhealth check</code> reports it
        </p>
        {runs.length > 0 &&
          FORMATS.map(([format, name]) => (
            <a key={format} href={address(format)} download onClick={close}>
              {name}
            </a>
          ))}
      </div>
    </details>
  )
}
