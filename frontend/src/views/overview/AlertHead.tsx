import { nextSort } from '../../lib/sort'
import { useTab } from '../context'
import { COLUMNS, type Column } from './columns'

export function AlertHead() {
  return (
    <div class="heads" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {COLUMNS.map((column, index) => (
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
      aria-colindex={index + 1}
      {...(by === null ? {} : { 'aria-sort': by === sort.column ? direction : 'none' })}
    >
      {by === null ? (
        <span>{column.name}</span>
      ) : (
        <button type="button" onClick={() => view.change({ sort: nextSort(sort, by) })}>
          {column.name}
        </button>
      )}
    </div>
  )
}
