/** The table of runs: one row per run, one column per symptom or hyper-parameter. */

import { useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../../lib/numbers'
import type { RunColumn } from '../../lib/run-columns'
import { groupRuns } from '../../lib/run-groups'
import {
  formatRunSort,
  type Matrix as MatrixData,
  type MatrixRow,
  parseRunSort,
  sortRows,
} from '../../lib/run-matrix'
import { verdictCounts } from '../../lib/verdict'
import { useServerClock } from '../clock'
import { useTab } from '../context'
import { MatrixLine } from './MatrixLine'
import { useMoreColumns } from './useMoreColumns'

/** The number of rows before "Show all": each row has dozens of cells. */
const INITIAL_ROWS = 200
/** How far one press scrolls, as a share of the width. */
const PAGE = 0.6

interface MatrixProps {
  matrix: MatrixData
  /** The columns after the run's name. */
  columns: readonly RunColumn[]
}

export function Matrix({ matrix, columns }: MatrixProps) {
  const { view } = useTab()
  const [all, showAll] = useState(false)
  const frame = useRef<HTMLElement>(null)
  const { runSort, runGroup } = view.current.value
  const rows = useMemo(() => sortRows(matrix.rows, parseRunSort(runSort)), [matrix, runSort])
  const shown = all ? rows : rows.slice(0, INITIAL_ROWS)
  const more = useMoreColumns(frame, columns.map(({ id }) => id).join())
  const now = useServerClock()
  if (rows.length === 0) return null
  const grouped = matrix.varied.includes(runGroup)
  const lines = (some: readonly MatrixRow[]) =>
    some.map((row) => (
      <MatrixLine
        key={row.run.run}
        row={row}
        columns={columns}
        common={matrix.reservation}
        now={now}
      />
    ))
  return (
    <div class="matrix-room" data-more={more > 0}>
      <section
        class="matrix-frame"
        aria-label="Runs and symptoms"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
        tabIndex={0}
        data-home
        ref={frame}
      >
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col" class="tick">
                <span class="unseen">Compare</span>
              </th>
              <Head column={RUN} pinned />
              {columns.map((column) => (
                <Head key={column.id} column={column} />
              ))}
            </tr>
          </thead>
          {grouped ? (
            groupRuns(shown, runGroup).map(({ title, rows }) => (
              <tbody key={title}>
                <tr class="group">
                  <th scope="rowgroup" colSpan={2}>
                    <span class="group-name">
                      <bdi class="mono">{runGroup}</bdi> <bdi>{title}</bdi>
                    </span>
                  </th>
                  <td colSpan={columns.length}>
                    {count(rows.length, 'run')}:{' '}
                    {verdictCounts(rows.map(({ run }) => run)).map(({ text, tone }) => (
                      <span key={text} class={`chip ${tone}`}>
                        {text}
                      </span>
                    ))}
                  </td>
                </tr>
                {lines(rows)}
              </tbody>
            ))
          ) : (
            <tbody>{lines(shown)}</tbody>
          )}
        </table>
        {shown.length < rows.length && (
          <p class="notice">
            {rows.length - shown.length} more runs
            <button class="button" type="button" onClick={() => showAll(true)}>
              Show all
            </button>
          </p>
        )}
      </section>
      {more > 0 && (
        <button
          class="button matrix-more"
          type="button"
          onClick={() => frame.current?.scrollBy({ left: PAGE * frame.current.clientWidth })}
        >
          {count(more, 'more column')} <span aria-hidden="true">▸</span>
        </button>
      )}
    </div>
  )
}

const RUN: RunColumn = { id: 'run', title: 'Run', look: '', number: false, descendingFirst: false }

function Head({ column, pinned = false }: { column: RunColumn; pinned?: boolean }) {
  const { view } = useTab()
  const { id, title, look, number, descendingFirst } = column
  const sort = parseRunSort(view.current.value.runSort)
  const sorted = sort.column === id
  const onClick = () => {
    const descending = sorted ? !sort.descending : descendingFirst
    view.change({ runSort: formatRunSort({ column: id, descending }) })
  }
  return (
    <th
      scope="col"
      class={`${pinned ? 'run-head' : look} ${number ? 'number' : ''}`}
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" title={`Sort by ${title}`} onClick={onClick}>
        <bdi>{title}</bdi>
      </button>
    </th>
  )
}
