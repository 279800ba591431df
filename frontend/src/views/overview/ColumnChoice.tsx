/** The menu of the table's columns: every column can be shown, also where the table must scroll for it. */

import { useTab } from '../context'
import { useDismiss } from './Choice'
import { COLUMNS, type Column } from './columns'

export function ColumnChoice({ shown }: { shown: readonly Column[] }) {
  const { view } = useTab()
  const menu = useDismiss()
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
    <details class="choice" ref={menu}>
      <summary class="button" data-chosen={!automatic}>
        Columns{hidden > 0 && ` · ${hidden} hidden`} <span aria-hidden="true">▾</span>
      </summary>
      <fieldset class="choices">
        <legend class="unseen">Columns</legend>
        <label>
          <input
            type="checkbox"
            checked={automatic}
            onChange={() => view.change({ columns: automatic ? names : [] })}
          />
          <span>As many as fit</span>
        </label>
        {COLUMNS.map(({ name }) => (
          <label key={name}>
            <input type="checkbox" checked={names.includes(name)} onChange={() => toggle(name)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
    </details>
  )
}
