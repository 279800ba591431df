/** The view Overview: the verdict, the alert table, and a run at a glance. */

import { useRef } from 'preact/hooks'
import { useTab } from '../context'
import { useWidth } from '../useWidth'
import { AlertTable } from './AlertTable'
import { shownColumns } from './columns'
import { Glance } from './glance/Glance'
import { Tools } from './Tools'
import { Verdict } from './Verdict'

export function Overview() {
  const { view } = useTab()
  const ruler = useRef<HTMLDivElement>(null)
  const width = useWidth(ruler)
  const columns = shownColumns(view.current.value.columns, width)
  return (
    <>
      <div ref={ruler} />
      <Verdict />
      <Tools columns={columns} />
      <AlertTable columns={columns} />
      <Glance />
    </>
  )
}
