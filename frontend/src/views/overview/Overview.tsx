/** The view Overview: the verdict and the alert table. */

import { AlertTable } from './AlertTable'
import { Tools } from './Tools'
import { Verdict } from './Verdict'

export function Overview() {
  return (
    <>
      <Verdict />
      <Tools />
      <AlertTable />
    </>
  )
}
