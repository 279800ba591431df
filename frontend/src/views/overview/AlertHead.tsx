import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact'
import { nextSort, type SortColumn } from '../../lib/sort'
import { MAX_WIDTH, MIN_WIDTH } from '../../lib/view-state'
import { useTab } from '../context'
import type { Column } from './columns'

export function AlertHead({ columns }: { columns: readonly Column[] }) {
  return (
    <div class="heads" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {columns.map((column, index) => (
          <Head key={column.name} column={column} index={index} />
        ))}
      </div>
    </div>
  )
}

function Head({ column, index }: { column: Column; index: number }) {
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
          <button type="button" onClick={() => view.change({ sort: nextSort(sort, by) })}>
            {column.name}
          </button>
          <Grip name={column.name} by={by} />
        </>
      )}
    </div>
  )
}

const KEY_PIXELS = 16

/** The edge of a column, resized by drag or arrow keys; a double click resets the width. */
function Grip({ name, by }: { name: string; by: SortColumn }) {
  const { view } = useTab()
  const width = view.current.value.widths[by]
  const setWidth = (pixels: number) => {
    const bounded = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.round(pixels)))
    view.change({ widths: { ...view.current.peek().widths, [by]: bounded } })
  }
  const reset = () => {
    const { [by]: _, ...others } = view.current.peek().widths
    view.change({ widths: others })
  }
  const onPointerDown = (event: TargetedPointerEvent<HTMLDivElement>) => {
    const grip = event.currentTarget
    const from = event.clientX
    const before = cellWidth(grip)
    const move = (moved: PointerEvent) => setWidth(before + moved.clientX - from)
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
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const pixels = { ArrowLeft: -KEY_PIXELS, ArrowRight: KEY_PIXELS }[event.key]
    if (pixels !== undefined) setWidth(cellWidth(event.currentTarget) + pixels)
    else if (event.key === 'Home' || event.key === 'Delete') reset()
    else return
    event.preventDefault()
    event.stopPropagation()
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
      tabIndex={0}
      onPointerDown={onPointerDown}
      onDblClick={reset}
      onKeyDown={onKeyDown}
    />
  )
}

function cellWidth(grip: HTMLElement): number {
  return grip.parentElement?.getBoundingClientRect().width ?? MIN_WIDTH
}
