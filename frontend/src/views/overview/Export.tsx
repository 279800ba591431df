/** The export of the table's rows, and the report of the command line. */

import { useState } from 'preact/hooks'
import { toCsv, toJson, toMarkdown } from '../../lib/export'
import { contentsText } from '../../lib/export-contents'
import { flatRows, groupFindings } from '../../lib/incidents'
import { count } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { CopyButton } from '../CopyButton'
import { useTab } from '../context'
import { download } from '../download'
import { ReportMenu } from './ReportMenu'

export function Export() {
  const { alerts, server, view } = useTab()
  const [message, setMessage] = useState('')
  const entries = alerts.passing.value
  const none = entries.length === 0 || server.page.value !== null
  const title = titleOf(server)
  const findings = entries.map(({ finding }) => finding)
  const contents = none ? '' : contentsText(findings, view.current.value, title)
  // Includes folded rows, in the table's order.
  const sorted = () => {
    const { sort, flat } = view.current.peek()
    return flat ? flatRows(entries, sort) : groupFindings(entries, sort, () => true)
  }
  const sortedFindings = () => sorted().map(({ finding }) => finding)
  const save = (name: string, type: string, text: string) => {
    download(name, type, text)
    setMessage(`${name} downloaded: ${contents}`)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
    <div role="group" aria-label="Export" class="tools export" title={contents}>
      {!none && <span class="export-size">{count(findings.length, 'finding')}:</span>}
      <CopyButton
        label="Copy as Markdown"
        disabled={none}
        text={() => toMarkdown(sorted(), contents, title, alerts.followed)}
      />
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download CSV"
        onClick={() => save('gradhealth-findings.csv', 'text/csv', toCsv(sortedFindings()))}
      >
        CSV
      </button>
      <button
        class="button"
        type="button"
        disabled={none}
        aria-label="Download JSON"
        onClick={() =>
          save('gradhealth-findings.json', 'application/json', toJson(sortedFindings(), contents))
        }
      >
        JSON
      </button>
      <ReportMenu />
      <span class="unseen" role="status">
        {message}
      </span>
    </div>
  )
}
