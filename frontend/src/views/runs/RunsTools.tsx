/** The controls of the table of runs: groups, baseline and columns. */

import { toggled } from '../../lib/filter'
import type { RunColumn } from '../../lib/run-columns'
import type { Matrix } from '../../lib/run-matrix'
import { ColumnsMenu } from '../ColumnsMenu'
import { useTab } from '../context'

interface RunsToolsProps {
  matrix: Matrix
  columns: readonly RunColumn[]
}

export function RunsTools({ matrix, columns }: RunsToolsProps) {
  const { view, server } = useTab()
  const { runGroup, baseline } = view.current.value
  const runs = server.answer.value?.runs ?? []
  return (
    <div class="tools">
      {matrix.varied.length > 0 && (
        <label class="labelled">
          <span>Group by</span>
          <select
            class="field"
            value={runGroup}
            onChange={({ currentTarget: { value } }) => view.change({ runGroup: value })}
          >
            <option value="">nothing</option>
            {matrix.varied.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {runs.length > 1 && (
        <label
          class="labelled"
          title="What is new or worse against this run, as gradhealth check --baseline reports it"
        >
          <span>Baseline</span>
          <select
            class="field"
            value={baseline ?? ''}
            onChange={({ currentTarget: { value } }) => view.change({ baseline: value || null })}
          >
            <option value="">none</option>
            {runs.map(({ run }) => (
              <option key={run} value={run}>
                {run}
              </option>
            ))}
          </select>
        </label>
      )}
      <Columns columns={columns} />
    </div>
  )
}

function Columns({ columns }: { columns: readonly RunColumn[] }) {
  const { view } = useTab()
  const { hiddenColumns } = view.current.value
  const hidden = columns.filter(({ id }) => hiddenColumns.includes(id)).length
  return (
    <ColumnsMenu
      hidden={hidden}
      chosen={hidden > 0}
      together={{
        title: 'All columns',
        checked: hidden === 0,
        toggle: () =>
          view.change({ hiddenColumns: hidden === 0 ? columns.map(({ id }) => id) : [] }),
      }}
      columns={columns.map(({ id, title }) => ({
        id,
        title,
        checked: !hiddenColumns.includes(id),
        toggle: () => view.change({ hiddenColumns: toggled(hiddenColumns, id) }),
      }))}
    />
  )
}
