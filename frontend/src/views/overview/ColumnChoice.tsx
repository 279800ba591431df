/** The menu of the table's columns: every column can be shown, also where the table must scroll for it. */

import { ColumnsMenu } from '../ColumnsMenu'
import { useTab } from '../context'
import { COLUMNS, type Column } from './columns'

export function ColumnChoice({ shown }: { shown: readonly Column[] }) {
  const { view } = useTab()
  const automatic = view.current.value.columns.length === 0
  const names = shown.map(({ name }) => name)
  const hidden = COLUMNS.length - shown.length
  const toggle = (name: string) => {
    const next = COLUMNS.map((column) => column.name).filter((other) =>
      other === name ? !names.includes(name) : names.includes(other),
    )
    if (next.length > 0) view.change({ columns: next })
  }
  return (
    <ColumnsMenu
      hidden={hidden}
      chosen={!automatic}
      together={{
        title: 'As many as fit',
        checked: automatic,
        toggle: () => view.change({ columns: automatic ? names : [] }),
      }}
      columns={COLUMNS.map(({ name }) => ({
        id: name,
        title: name,
        checked: names.includes(name),
        toggle: () => toggle(name),
      }))}
    />
  )
}
