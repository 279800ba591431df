/** The view Runs: runs against symptoms and hyper-parameters, and the comparison of two runs. */

import { useMemo } from 'preact/hooks'
import { matrixSentence, runMatrix } from '../../lib/run-matrix'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Comparison } from './Comparison'
import { Matrix } from './Matrix'

export function Runs() {
  const { alerts, server, view } = useTab()
  const runs = alerts.runs.value
  const findings = server.findings.value
  const symptoms = server.symptoms.value
  const matrix = useMemo(() => runMatrix(runs, findings, symptoms), [runs, findings, symptoms])
  const { compared } = view.current.value
  return (
    <div class="runs-view">
      <div class="verdict-block">
        <h1>{matrixSentence(matrix, titleOf(server))}</h1>
        <p class="facts">
          {matrix.constant.length > 0 &&
            `${runs.length > 1 ? 'The same in all' : 'Hyper-parameters'}: ${matrix.constant.map(([name, value]) => `${name} ${value}`).join(', ')}. `}
          {compared.length === 0 && runs.length > 1 && 'Tick two runs to compare them.'}
          {compared.length === 1 && 'Tick another run to compare it with.'}
        </p>
      </div>
      <Matrix matrix={matrix} />
      <Comparison />
    </div>
  )
}
