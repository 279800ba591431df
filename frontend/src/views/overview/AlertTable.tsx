/**
 * The alert table: a virtual list of thousands of rows. It keeps its focus, active row and scroll
 * position across updates.
 */

import { useEffect, useMemo } from 'preact/hooks'
import type { Finding } from '../../contract'
import type { TableRow } from '../../lib/incidents'
import { count } from '../../lib/numbers'
import { mountedRows, rowWindow } from '../../lib/row-window'
import { sameFinding } from '../../state/alerts'
import { useTab } from '../context'
import { focusEvidence } from '../evidence/focusEvidence'
import { AlertHead } from './AlertHead'
import { AlertRow, rowId } from './AlertRow'
import { type Column, columnStyle } from './columns'
import { NewFindings } from './NewFindings'
import { NothingToShow } from './NothingToShow'
import { useActiveRow } from './useActiveRow'
import { useNewFindings } from './useNewFindings'
import { ROW_HEIGHT, useScroll } from './useScroll'

const OVERSCAN = 6

export function AlertTable({ columns }: { columns: readonly Column[] }) {
  const { alerts, view, trends, keys: shortcuts } = useTab()
  const rows = alerts.rows.value
  const { opened, sort, widths } = view.current.value
  const rowCount = alerts.rowCount.value
  const keys = useMemo(() => rows.map(({ key }) => key), [rows])
  const scroll = useScroll(keys, sort)
  const open = ({ run, id }: Finding) => view.change({ opened: { run, id } })
  const fold = (row: TableRow) => view.change(toggleFold(row, view.current.peek()))
  const openAndGo = (finding: Finding) => {
    open(finding)
    focusEvidence()
  }
  const active = useActiveRow(rows, keys, scroll, { open: openAndGo, fold })
  const fresh = useNewFindings()
  useEffect(() => {
    const step = (rowsOn: number) => {
      const row = rows[active.moveBy(rowsOn)]
      if (row && view.current.peek().opened !== null) open(row.finding)
      scroll.element.current?.focus({ preventScroll: true })
    }
    return shortcuts.listen({ j: () => step(1), k: () => step(-1) })
  })

  // The opened finding becomes the active row.
  const openedIndex =
    opened === null ? -1 : rows.findIndex((row) => sameFinding(row.finding, opened))
  useEffect(() => {
    if (openedIndex >= 0) active.set(openedIndex)
  }, [opened?.id, opened?.run, openedIndex >= 0])

  const shown = rowWindow(scroll.top, scroll.viewport, ROW_HEIGHT, rows.length, OVERSCAN)
  useEffect(
    () => trends.request(rows.slice(shown.first, shown.end).map(({ finding }) => finding)),
    [rows, shown.first, shown.end, trends],
  )

  if (alerts.waiting.value) return <FindingsLoading />
  if (rows.length === 0) return <NothingToShow />
  const activeRow = rows[active.index]
  const isFresh = ({ key }: TableRow) => fresh.keys.has(key)
  return (
    <div class="alerts-frame">
      <NewFindings
        count={fresh.keys.size}
        onShow={() => {
          const first = rows.findIndex(isFresh)
          if (first >= 0) active.set(first)
          fresh.seen()
          scroll.element.current?.focus({ preventScroll: true })
        }}
        onDismiss={fresh.seen}
      />
      <div
        ref={scroll.element}
        class="alerts"
        role="treegrid"
        data-home
        aria-label="Alerts"
        aria-rowcount={rowCount + 1}
        aria-colcount={columns.length}
        tabIndex={0}
        style={columnStyle(columns, widths)}
        {...(activeRow ? { 'aria-activedescendant': rowId(activeRow.finding) } : {})}
        onScroll={scroll.onScroll}
        onKeyDown={active.onKeyDown}
      >
        <AlertHead columns={columns} />
        <div class="rows" role="rowgroup" style={{ height: `${rowCount * ROW_HEIGHT}px` }}>
          {mountedRows(shown, active.index).map((index) => {
            const row = rows[index] as TableRow
            return (
              <AlertRow
                // Keyed by index: another order updates texts and creates no elements.
                key={index}
                row={row}
                columns={columns}
                index={index}
                active={index === active.index}
                opened={index === openedIndex}
                fresh={isFresh(row)}
                onOpen={open}
                onFold={fold}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** Folding the incident of the opened finding also closes the finding, which would unfold it again. */
function toggleFold(
  { incident, unfolded }: TableRow,
  view: { unfolded: readonly string[] },
): { unfolded: readonly string[]; opened?: null } {
  if (!unfolded) return { unfolded: [...view.unfolded, incident] }
  const others = view.unfolded.filter((other) => other !== incident)
  return view.unfolded.includes(incident)
    ? { unfolded: others }
    : { unfolded: others, opened: null }
}

/** Shown while the view needs all findings and they are loading. */
export function FindingsLoading() {
  const { server } = useTab()
  const total = server.page.value?.total ?? 0
  return (
    <p class="notice" role="status">
      Reading {count(total, 'finding')}…
    </p>
  )
}
