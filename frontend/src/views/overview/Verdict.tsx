import { isUnhealthy, loadingText, runFacts } from '../../lib/verdict'
import { useServerClock } from '../clock'
import { useTab } from '../context'
import { ProblemsLink } from './Problems'

/** The verdict as a sentence, with the run's facts below. */
export function Verdict() {
  const { alerts, view } = useTab()
  const now = useServerClock()
  const { text, tone, run } = alerts.verdict.value
  const others =
    run === null
      ? 0
      : alerts.runs.value.filter((other) => other !== run && isUnhealthy(other)).length
  const selected = view.current.value.run
  const runs = alerts.runs.value
  const concerned = selected === null ? runs : runs.filter((other) => other.run === selected)
  const facts = run === null ? [] : runFacts(run, now)
  const reading = run && loadingText(run.loading)
  if (reading) facts.push(reading)
  if (others > 0)
    facts.push(others === 1 ? '1 other run needs a look' : `${others} other runs need a look`)
  return (
    <div class="verdict-block">
      <div class="verdict">
        <h1>{text}</h1>
        {(tone === 'critical' || tone === 'warning') && <span class={`chip ${tone}`}>{tone}</span>}
      </div>
      <p class="facts">
        {facts.join(' · ')} <ProblemsLink runs={concerned} />
      </p>
    </div>
  )
}
