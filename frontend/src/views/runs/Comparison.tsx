/** Two runs beside each other: what was set differently, where their losses part, which layers got sick. */

import { useMemo } from 'preact/hooks'
import type { Finding, Run } from '../../contract'
import {
  compareFindings,
  comparisonMarkdown,
  type Difference,
  differentParameters,
  SIDES,
  type Side,
} from '../../lib/compare-runs'
import { formatStep } from '../../lib/numbers'
import { sameFinding, titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../overview/Sidebar'
import { CopyButton } from '../takeaway'
import { LossChart } from './LossChart'
import { parameterText } from './MatrixLine'

export function Comparison() {
  const { view, server } = useTab()
  const runs = server.answer.value?.runs ?? []
  const [a, b] = view.current.value.compared.map((name) => runs.find(({ run }) => run === name))
  if (view.current.value.compared.length < 2) return null
  if (!a || !b) return <p class="notice">One of the compared runs is not there (any more).</p>
  return <Compared first={a} second={b} />
}

function Compared({ first, second }: { first: Run; second: Run }) {
  const { server, view } = useTab()
  const findings = server.findings.value
  const differences = useMemo(
    () => compareFindings(findings, first.run, second.run),
    [findings, first.run, second.run],
  )
  const title = titleOf(server)
  return (
    <section class="comparison" aria-label="Comparison">
      <div class="comparison-top">
        <h2>
          <Swatch run={first.run} /> <bdi>{first.run}</bdi> <span class="muted">against</span>{' '}
          <Swatch run={second.run} /> <bdi>{second.run}</bdi>
        </h2>
        <CopyButton
          label="Copy as Markdown"
          text={() => comparisonMarkdown(first.run, second.run, differences, title)}
        />
        <button class="button" type="button" onClick={() => view.change({ compared: [] })}>
          End comparison
        </button>
      </div>
      <Parameters first={first} second={second} />
      <LossChart runs={[first.run, second.run]} />
      {differences.length === 0 && <p class="muted">Nothing was found in either run.</p>}
      {differences.length > 0 && (
        <Differences first={first} second={second} differences={differences} />
      )}
    </section>
  )
}

function Parameters({ first, second }: { first: Run; second: Run }) {
  const different = differentParameters(first, second)
  if (different.length === 0) {
    return first.hparams && second.hparams ? <p class="muted">No hyper-parameter differs.</p> : null
  }
  return (
    <dl class="finding-facts">
      {different.map((parameter) => (
        <div key={parameter.name}>
          <dt>{parameter.name}</dt>
          <dd>
            {parameterText(parameter.first)} → {parameterText(parameter.second)}
          </dd>
        </div>
      ))}
    </dl>
  )
}

interface DifferencesProps {
  first: Run
  second: Run
  differences: readonly Difference[]
}

/** Of thousands the first ones tell the story. */
const MOST = 300

function Differences({ first, second, differences }: DifferencesProps) {
  const names: Record<Side, string> = {
    first: `Only in ${first.run}`,
    second: `Only in ${second.run}`,
    both: 'In both',
  }
  return (
    <table class="differences">
      <thead>
        <tr>
          <th scope="col">Symptom</th>
          <th scope="col">Tensor</th>
          <th scope="col">
            <bdi>{first.run}</bdi>
          </th>
          <th scope="col">
            <bdi>{second.run}</bdi>
          </th>
        </tr>
      </thead>
      {SIDES.map((side) => {
        const some = differences.filter((difference) => difference.side === side)
        if (some.length === 0) return null
        return (
          <tbody key={side}>
            <tr class="side">
              <th colSpan={4} scope="rowgroup">
                <bdi>{names[side]}</bdi> · {formatStep(some.length)}
                {some.length > MOST && `, the first ${MOST} of them`}
              </th>
            </tr>
            {some.slice(0, MOST).map((difference) => (
              <DifferenceLine
                key={`${difference.symptom} ${difference.kind} ${difference.tensor}`}
                difference={difference}
              />
            ))}
          </tbody>
        )
      })}
    </table>
  )
}

function DifferenceLine({ difference }: { difference: Difference }) {
  const { server } = useTab()
  const { symptom, tensor, kind, first, second } = difference
  return (
    <tr>
      <td>{titleOf(server)(symptom)}</td>
      <td>
        <bdi class="mono">{tensor}</bdi> <span class="kind">{kind}</span>
      </td>
      <td>
        <FindingButton finding={first} />
      </td>
      <td>
        <FindingButton finding={second} />
      </td>
    </tr>
  )
}

function FindingButton({ finding }: { finding: Finding | null }) {
  const { view, server } = useTab()
  if (finding === null) return <span class="muted">–</span>
  const { run, id, severity, opened_step, resolved_step, symptom, tensor } = finding
  const steps = `step ${formatStep(opened_step)}${resolved_step === null ? '' : ` to ${formatStep(resolved_step)}`}`
  return (
    <button
      type="button"
      class="finding-button"
      aria-pressed={sameFinding(finding, view.current.value.opened)}
      aria-label={`Evidence of ${titleOf(server)(symptom)} of ${tensor} in ${run}: ${severity}, ${steps}`}
      onClick={() => view.change({ opened: { run, id } })}
    >
      <span class={`chip ${severity}`}>{severity}</span> {steps}
    </button>
  )
}
