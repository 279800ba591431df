/** The findings in one run and not in the other, and the steps of those in both. */

import { type Finding, type Run, SEVERITIES } from '../../contract'
import { type Difference, SIDES, type Side } from '../../lib/compare-runs'
import { formatStep } from '../../lib/numbers'
import { sameFinding, titleOf } from '../../state/alerts'
import { useTab } from '../context'

interface DifferencesProps {
  first: Run
  second: Run
  differences: readonly Difference[]
}

/** The maximum number of findings listed per side. */
const MAX_SHOWN = 50

export function Differences({ first, second, differences }: DifferencesProps) {
  const { baseline } = useTab().view.current.value
  const names: Record<Side, string> =
    baseline === first.run
      ? { first: `Gone from ${second.run}`, second: `New in ${second.run}`, both: 'In both' }
      : { first: `Only in ${first.run}`, second: `Only in ${second.run}`, both: 'In both' }
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
                {some.length > MAX_SHOWN && `, the first ${MAX_SHOWN} of them`}
              </th>
            </tr>
            {some.slice(0, MAX_SHOWN).map((difference) => (
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
  const { server, view } = useTab()
  const { symptom, tensor, kind, first, second } = difference
  const worse =
    first !== null && first.run === view.current.value.baseline && isWorse(first, second)
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
        <FindingButton finding={second} /> {worse && <span class="kind">worse</span>}{' '}
        {later(first, second)}
      </td>
    </tr>
  )
}

function isWorse(first: Finding, second: Finding | null): boolean {
  return second !== null && SEVERITIES.indexOf(second.severity) < SEVERITIES.indexOf(first.severity)
}

/** For findings in both runs: how much later it began in the second run. */
function later(first: Finding | null, second: Finding | null) {
  if (!first || !second || first.opened_step === second.opened_step) return null
  const steps = second.opened_step - first.opened_step
  const when = `${formatStep(Math.abs(steps))} steps ${steps > 0 ? 'later' : 'earlier'}`
  return <span class="kind">{when}</span>
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
