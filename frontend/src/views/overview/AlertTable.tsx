/**
 * The alert table: thousands of rows, of which the visible ones are in the document. It keeps its
 * focus, active row and scroll position while the server's answers come in.
 */

import { useEffect, useMemo } from 'preact/hooks'
import type { Finding } from '../../contract'
import { mountedRows, rowWindow } from '../../lib/row-window'
import { sameFinding } from '../../state/alerts'
import { useTab } from '../context'
import { AlertHead } from './AlertHead'
import { AlertRow, rowId } from './AlertRow'
import { COLUMNS } from './columns'
import { useActiveRow } from './useActiveRow'
import { ROW_HEIGHT, useScroll } from './useScroll'

const OVERSCAN = 6

export function AlertTable() {
  const { alerts, view, server } = useTab()
  const rows = alerts.rows.value
  const { opened, sort } = view.current.value
  const keys = useMemo(() => rows.map(keyOf), [rows])
  const scroll = useScroll(keys, sort)
  const open = (finding: Finding) => view.change({ opened: { run: finding.run, id: finding.id } })
  const active = useActiveRow(rows, keys, scroll, open)

  // A finding opened by the address, or by a click: the keyboard goes on from there.
  const openedIndex = opened === null ? -1 : rows.findIndex((row) => sameFinding(row, opened))
  useEffect(() => {
    if (openedIndex >= 0) active.set(openedIndex)
  }, [opened?.id, opened?.run, openedIndex >= 0])

  if (rows.length === 0) return <NothingToShow filtered={server.findings.value.length > 0} />
  const activeRow = rows[active.index]
  const shown = rowWindow(scroll.top, scroll.viewport, ROW_HEIGHT, rows.length, OVERSCAN)
  return (
    <div
      ref={scroll.element}
      class="alerts"
      role="grid"
      aria-label="Alerts"
      aria-rowcount={rows.length + 1}
      aria-colcount={COLUMNS.length}
      tabIndex={0}
      {...(activeRow ? { 'aria-activedescendant': rowId(activeRow) } : {})}
      onScroll={scroll.onScroll}
      onKeyDown={active.onKeyDown}
    >
      <AlertHead />
      <div class="rows" role="rowgroup" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {mountedRows(shown, active.index).map((index) => {
          const finding = rows[index] as Finding
          return (
            <AlertRow
              key={keys[index]}
              finding={finding}
              index={index}
              active={index === active.index}
              opened={index === openedIndex}
              onOpen={open}
            />
          )
        })}
      </div>
    </div>
  )
}

function keyOf({ run, id }: Finding): string {
  return `${id}:${run}`
}

function NothingToShow({ filtered }: { filtered: boolean }) {
  const { view } = useTab()
  return (
    <div class="notice">
      {filtered ? (
        <>
          No finding passes the filters.
          <button class="button" type="button" onClick={view.clearFilters}>
            Clear filters
          </button>
        </>
      ) : (
        'No symptom has been found.'
      )}
    </div>
  )
}
