/** The view Runs: runs against symptoms and hyper-parameters, and the comparison of several. */

import { useMemo } from 'preact/hooks'
import { runColumns } from '../../lib/run-columns'
import { matrixSentence, runMatrix } from '../../lib/run-matrix'
import { runsWithin } from '../../lib/runs-within'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Comparison } from './Comparison'
import { Matrix } from './Matrix'
import { RangesNote } from './RangesNote'
import { RunsTools } from './RunsTools'
import { Strips } from './Strips'

export function Runs() {
  const { alerts, server, view } = useTab()
  const runs = alerts.runs.value
  const findings = server.findings.value
  const symptoms = server.symptoms.value
  const { compared, hiddenColumns, ranges } = view.current.value
  // A run of a shared address may be gone.
  const baseline = alerts.runOf.value.has(view.current.value.baseline ?? '')
    ? view.current.value.baseline
    : null
  const matrix = useMemo(
    () => runMatrix(runs, findings, symptoms, baseline),
    [runs, findings, symptoms, baseline],
  )
  const inside = useMemo(
    () => new Set(runsWithin(runs, ranges).map(({ run }) => run)),
    [runs, ranges],
  )
  const filtered = useMemo(
    () => ({ ...matrix, rows: matrix.rows.filter(({ run }) => inside.has(run.run)) }),
    [matrix, inside],
  )
  const columns = runColumns(matrix, titleOf(server), baseline)
  const shown = columns.filter(({ id }) => !hiddenColumns.includes(id))
  return (
    <div class="runs-view">
      <div class="verdict-block">
        <h1>{matrixSentence(matrix, titleOf(server))}</h1>
        <p class="facts">
          {matrix.constant.length > 0 &&
            `${runs.length > 1 ? 'The same in all' : 'Hyper-parameters'}: ${matrix.constant.map(([name, value]) => `${name} ${value}`).join(', ')}. `}
          {matrix.reservation !== '' && `In every run: ${matrix.reservation}. `}
          {compared.length === 0 && runs.length > 1 && 'Tick runs to compare them.'}
          {compared.length === 1 && 'Tick another run to compare it with.'}
        </p>
      </div>
      <Strips runs={runs} inside={inside} varied={matrix.varied} />
      <RunsTools matrix={matrix} columns={columns} />
      <RangesNote shown={inside.size} of={runs.length} />
      <Matrix matrix={filtered} columns={shown} />
      <Comparison />
    </div>
  )
}
