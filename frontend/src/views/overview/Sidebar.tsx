import type { Run } from '../../contract'
import { count, formatStep } from '../../lib/numbers'
import {
  isLive,
  loadingText,
  runAge,
  runChip,
  runReservation,
  verdictCounts,
} from '../../lib/verdict'
import { useServerClock } from '../clock'
import { useTab } from '../context'
import { Swatch } from '../Swatch'
import { NotMeasured } from './NotMeasured'
import { Problems } from './Problems'

export function Sidebar() {
  const { alerts, server, view } = useTab()
  const selected = view.current.value.run
  const runs = alerts.runs.value
  const total = server.answer.value?.runs.length ?? 0
  const concerned = selected === null ? runs : runs.filter(({ run }) => run === selected)
  const select = (run: string | null) => {
    view.change({ run: run === selected ? null : run })
    view.runsUnfolded.value = false
  }
  return (
    <nav class="sidebar" aria-label="Runs" data-unfolded={view.runsUnfolded.value}>
      <Fold runs={runs} />
      <h2 class="caption">Runs{runs.length < total && ` · ${runs.length} of ${total}`}</h2>
      <ul class="runs">
        {total > 1 && (
          <li>
            <button
              class="run"
              type="button"
              aria-pressed={selected === null}
              onClick={() => select(null)}
            >
              <span class="run-name">All runs</span>
            </button>
          </li>
        )}
        {runs.map((run) => (
          <li key={run.run}>
            <RunButton run={run} pressed={run.run === selected} onClick={() => select(run.run)} />
          </li>
        ))}
      </ul>
      <NotMeasured runs={concerned} />
      <Problems runs={concerned} />
    </nav>
  )
}

/** On a narrow page, one line that stands for the list. */
function Fold({ runs }: { runs: readonly Run[] }) {
  const { view } = useTab()
  const selected = view.current.value.run
  const unfolded = view.runsUnfolded.value
  return (
    <button
      class="runs-fold"
      type="button"
      aria-expanded={unfolded}
      onClick={() => {
        view.runsUnfolded.value = !unfolded
      }}
    >
      <span class="fold" aria-hidden="true">
        {unfolded ? '▾' : '▸'}
      </span>
      {selected !== null && <Swatch run={selected} />}
      <span class="run-name">{selected ?? `All ${count(runs.length, 'run')}`}</span>
      {verdictCounts(runs).map(({ text, tone }) => (
        <span key={text} class={`chip ${tone}`}>
          {text}
        </span>
      ))}
    </button>
  )
}

function RunButton({ run, pressed, onClick }: { run: Run; pressed: boolean; onClick: () => void }) {
  const chip = runChip(run)
  const reservation = runReservation(run)
  const now = useServerClock()
  const facts = [
    run.last_step === null ? null : `step ${formatStep(run.last_step)}`,
    loadingText(run.loading) ?? runAge(run, now),
  ].filter(Boolean)
  return (
    <button class="run" type="button" aria-pressed={pressed} title={run.run} onClick={onClick}>
      <Swatch run={run.run} />
      <span class="run-name">{run.run}</span> <span class={`chip ${chip.tone}`}>{chip.text}</span>
      <span class={isLive(run, now) ? 'run-facts live' : 'run-facts'}> {facts.join(' · ')}</span>
      {reservation !== '' && <span class="run-facts wrapped"> {reservation}</span>}
    </button>
  )
}
