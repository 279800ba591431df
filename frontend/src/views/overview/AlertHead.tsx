import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { nextSort, type SortColumn } from '../../lib/sort'
import { MAX_WIDTH, MIN_WIDTH } from '../../lib/view-state'
import type { View } from '../../state/view'
import { useTab } from '../context'
import type { Column } from './columns'

export function AlertHead({ columns }: { columns: readonly Column[] }) {
  const { view } = useTab()
  const row = useRef<HTMLDivElement>(null)
  const { sort } = view.current.value
  const [at, setAt] = useState(sort.column)
  const sortable = columns.filter((column) => column.sort !== null)
  // One stop for the Tab key; the arrow keys go along the columns.
  const stop = sortable.some((column) => column.sort === at) ? at : sortable[0]?.sort
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined || event.shiftKey || event.altKey || event.ctrlKey) return
    const next = sortable[sortable.findIndex((column) => column.sort === stop) + by]?.sort
    if (!next) return
    setAt(next)
    row.current?.querySelector<HTMLElement>(`[data-sort="${next}"]`)?.focus()
    event.preventDefault()
  }
  return (
    <div class="heads" role="rowgroup">
      <div ref={row} class="row" role="row" aria-rowindex={1} onKeyDown={onKeyDown}>
        {columns.map((column, index) => (
          <Head
            key={column.name}
            column={column}
            index={index}
            isStop={column.sort === stop}
            onFocus={setAt}
          />
        ))}
      </div>
    </div>
  )
}

interface HeadProps {
  column: Column
  index: number
  isStop: boolean
  onFocus: (sort: SortColumn) => void
}

function Head({ column, index, isStop, onFocus }: HeadProps) {
  const { view } = useTab()
  const { sort } = view.current.value
  const by = column.sort
  const direction = sort.descending ? 'descending' : 'ascending'
  return (
    <div
      class={`cell head ${column.class}`}
      role="columnheader"
      aria-label={column.name}
      aria-colindex={index + 1}
      {...(by === null ? {} : { 'aria-sort': by === sort.column ? direction : 'none' })}
    >
      {by === null ? (
        <span>{column.name}</span>
      ) : (
        <>
          <button
            type="button"
            data-sort={by}
            tabIndex={isStop ? 0 : -1}
            onFocus={() => onFocus(by)}
            onClick={() => view.change({ sort: nextSort(sort, by) })}
            onKeyDown={(event) => resizeByKey(event, view, by, event.shiftKey)}
          >
            {column.name}
          </button>
          <Grip name={column.name} by={by} />
        </>
      )}
    </div>
  )
}

const KEY_PIXELS = 16

/** An arrow key changes the width of a column, Home and Delete make it automatic. */
function resizeByKey(
  event: TargetedKeyboardEvent<HTMLElement>,
  view: View,
  by: SortColumn,
  arrows: boolean,
): void {
  const pixels = arrows && { ArrowLeft: -KEY_PIXELS, ArrowRight: KEY_PIXELS }[event.key]
  if (pixels) setWidth(view, by, cellWidth(event.currentTarget) + pixels)
  else if (event.key === 'Delete' || (arrows && event.key === 'Home')) resetWidth(view, by)
  else return
  event.preventDefault()
  event.stopPropagation()
}

function setWidth(view: View, by: SortColumn, pixels: number): void {
  const bounded = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.round(pixels)))
  view.change({ widths: { ...view.current.peek().widths, [by]: bounded } })
}

function resetWidth(view: View, by: SortColumn): void {
  const { [by]: _, ...others } = view.current.peek().widths
  view.change({ widths: others })
}

/** The edge of a column, resized by drag or arrow keys; a double click resets the width. */
function Grip({ name, by }: { name: string; by: SortColumn }) {
  const { view } = useTab()
  const width = view.current.value.widths[by]
  const onPointerDown = (event: TargetedPointerEvent<HTMLDivElement>) => {
    const grip = event.currentTarget
    const from = event.clientX
    const before = cellWidth(grip)
    const move = (moved: PointerEvent) => setWidth(view, by, before + moved.clientX - from)
    grip.setPointerCapture(event.pointerId)
    grip.addEventListener('pointermove', move)
    grip.addEventListener(
      'lostpointercapture',
      () => grip.removeEventListener('pointermove', move),
      {
        once: true,
      },
    )
    event.preventDefault()
  }
  return (
    <div
      class="grip"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuemin={MIN_WIDTH}
      aria-valuemax={MAX_WIDTH}
      aria-valuenow={width ?? MIN_WIDTH}
      {...(width === undefined ? { 'aria-valuetext': 'automatic' } : {})}
      // Not a stop of the Tab key: Shift and the arrow keys do the same in the column's head.
      tabIndex={-1}
      onPointerDown={onPointerDown}
      onDblClick={() => resetWidth(view, by)}
      onKeyDown={(event) => resizeByKey(event, view, by, true)}
    />
  )
}

function cellWidth(inside: HTMLElement): number {
  return inside.parentElement?.getBoundingClientRect().width ?? MIN_WIDTH
}
