/** The first screen: runs at the left, verdict and alert table in the middle, evidence at the right. */

import { Evidence } from '../evidence/Evidence'
import { AlertTable } from './AlertTable'
import { Sidebar } from './Sidebar'
import { Tools } from './Tools'
import { Verdict } from './Verdict'

export function Overview() {
  return (
    <>
      <Sidebar />
      <main class="main">
        <Verdict />
        <Tools />
        <AlertTable />
      </main>
      <Evidence />
    </>
  )
}
