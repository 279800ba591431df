/** Shown without findings: what was checked, what was not, and the value closest to a limit. */

import type { Run } from '../../contract'
import { closestText, judgedText, nearness, notJudged, stepsText } from '../../lib/checked-text'
import { count } from '../../lib/numbers'
import { runReservation } from '../../lib/verdict'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../Swatch'

export function Checked({ runs }: { runs: readonly Run[] }) {
  const [only] = runs
  return (
    <section class="checked" aria-label="What was checked">
      <h2 class="caption">What was checked</h2>
      {only && runs.length === 1 ? <Details run={only} /> : <Table runs={runs} />}
    </section>
  )
}

function Details({ run }: { run: Run }) {
  const { server } = useTab()
  const { checked } = run
  const title = titleOf(server)
  const facts = [
    count(checked.tensors, 'tensor'),
    count(checked.records, 'record'),
    stepsText(checked),
    judgedText(checked),
  ]
  return (
    <>
      <p>{checked.records === 0 ? 'Nothing has been recorded yet.' : facts.join(' · ')}</p>
      <dl>
        {checked.closest && (
          <div>
            <dt>Closest to its limit</dt>
            <dd>
              <ClosestValue run={run} />
            </dd>
          </div>
        )}
        {checked.symptoms.length > 0 && (
          <div>
            <dt>Judged</dt>
            <dd>{checked.symptoms.map(title).join(', ')}</dd>
          </div>
        )}
        {notJudged(checked).map(({ reason, titles }) => (
          <div key={reason}>
            <dt>Not judged: {reason}</dt>
            <dd class="muted">{titles.join(', ')}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function ClosestValue({ run: { checked } }: { run: Run }) {
  const { server } = useTab()
  const { closest } = checked
  if (!closest) return null
  const near = nearness(closest)
  return (
    <>
      {titleOf(server)(closest.symptom)} ·{' '}
      {closest.kind !== closest.tensor && (
        <>
          <bdi class="mono">{closest.tensor}</bdi> <span class="muted">{closest.kind}</span> ·{' '}
        </>
      )}
      {closestText(closest)}
      {near !== null && (
        <span class="nearness" aria-hidden="true">
          <span style={{ width: `${100 * near}%` }} />
        </span>
      )}
    </>
  )
}

/** The maximum number of runs listed. */
const MAX_SHOWN = 50

function Table({ runs }: { runs: readonly Run[] }) {
  const { view } = useTab()
  const sorted = [...runs].sort((a, b) => a.rank - b.rank)
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Looked at</th>
          <th scope="col">Closest to its limit</th>
        </tr>
      </thead>
      <tbody>
        {sorted.slice(0, MAX_SHOWN).map((run) => (
          <tr key={run.run}>
            <th scope="row">
              <button type="button" onClick={() => view.change({ run: run.run })}>
                <Swatch run={run.run} /> <bdi>{run.run}</bdi>
              </button>
            </th>
            <td>
              {count(run.checked.tensors, 'tensor')}, {stepsText(run.checked)}
              <div class="muted">
                {[judgedText(run.checked), runReservation(run)].filter(Boolean).join('; ')}
              </div>
            </td>
            <td>
              <ClosestValue run={run} />
            </td>
          </tr>
        ))}
        {runs.length > MAX_SHOWN && (
          <tr>
            <td colSpan={3} class="muted">
              and {runs.length - MAX_SHOWN} more runs
            </td>
          </tr>
        )}
      </tbody>
    </table>
  )
}
