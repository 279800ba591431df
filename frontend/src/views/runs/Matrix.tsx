/** The table of runs: one row per run, one column per symptom or hyper-parameter. */

import { useMemo, useState } from 'preact/hooks'
import {
  formatRunSort,
  type Matrix as MatrixData,
  parseRunSort,
  sortRows,
} from '../../lib/run-matrix'
import { titleOf } from '../../state/alerts'
import { useServerClock } from '../clock'
import { useTab } from '../context'
import { MatrixLine } from './MatrixLine'

/** The number of rows before "Show all": each row has dozens of cells. */
const INITIAL_ROWS = 200

export function Matrix({ matrix }: { matrix: MatrixData }) {
  const { view, server } = useTab()
  const [all, showAll] = useState(false)
  const sort = view.current.value.runSort
  const rows = useMemo(() => sortRows(matrix.rows, parseRunSort(sort)), [matrix, sort])
  const shown = all ? rows : rows.slice(0, INITIAL_ROWS)
  const title = titleOf(server)
  const now = useServerClock()
  if (rows.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
    <section class="matrix-frame" aria-label="Runs and symptoms" tabIndex={0} data-home>
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Compare</span>
            </th>
            <Head column="run" text="Run" look="run-head" />
            <Head column="health" text="Health" descendingFirst />
            {matrix.symptoms.map((symptom) => (
              <Head
                key={symptom}
                column={`symptom:${symptom}`}
                text={title(symptom)}
                look="symptom"
                descendingFirst
              />
            ))}
            {matrix.varied.map((name) => (
              <Head key={name} column={`hparam:${name}`} text={name} look="parameter" number />
            ))}
            <Head column="step" text="Last step" number />
            <Head column="loss" text="Loss" number />
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <MatrixLine key={row.run.run} row={row} matrix={matrix} now={now} />
          ))}
        </tbody>
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
  )
}

interface HeadProps {
  column: string
  text: string
  number?: boolean
  look?: string
  /** Whether the first click sorts in descending order. */
  descendingFirst?: boolean
}

function Head({ column, text, number = false, look = '', descendingFirst = false }: HeadProps) {
  const { view } = useTab()
  const sort = parseRunSort(view.current.value.runSort)
  const sorted = sort.column === column
  const onClick = () => {
    const descending = sorted ? !sort.descending : descendingFirst
    view.change({ runSort: formatRunSort({ column, descending }) })
  }
  return (
    <th
      scope="col"
      class={`${look} ${number ? 'number' : ''}`}
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" title={`Sort by ${text}`} onClick={onClick}>
        <bdi>{text}</bdi>
      </button>
    </th>
  )
}
