/** A menu of a table's columns: a box for each, and one for all of them together. */

import { useDismiss } from './overview/Choice'

interface Box {
  title: string
  checked: boolean
  toggle: () => void
}

interface ColumnsMenuProps {
  /** How many columns are not shown. */
  hidden: number
  /** Whether the columns differ from those that are shown by themselves. */
  chosen: boolean
  together: Box
  columns: readonly (Box & { id: string })[]
}

export function ColumnsMenu({ hidden, chosen, together, columns }: ColumnsMenuProps) {
  const menu = useDismiss()
  return (
    <details class="choice" ref={menu}>
      <summary class="button" data-chosen={chosen}>
        Columns{hidden > 0 && ` · ${hidden} hidden`} <span aria-hidden="true">▾</span>
      </summary>
      <fieldset class="choices">
        <legend class="unseen">Columns</legend>
        {[{ ...together, id: '' }, ...columns].map(({ id, title, checked, toggle }) => (
          <label key={id}>
            <input type="checkbox" checked={checked} onChange={toggle} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
    </details>
  )
}
