import { unbroken } from '../../lib/unbroken'
import { loadingText, runFacts, sickSentence } from '../../lib/verdict'
import { useServerClock } from '../clock'
import { useTab } from '../context'
import { FirstStep } from './FirstStep'
import { ProblemsLink } from './Problems'

/** The verdict over all runs, the worst run in a sentence, what to try first, and the run's facts. */
export function Verdict() {
  const { alerts, view } = useTab()
  const now = useServerClock()
  const { text, tone, run } = alerts.verdict.value
  const selected = view.current.value.run
  const runs = alerts.runs.value
  const whole = selected === null ? sickSentence(runs) : null
  const concerned = selected === null ? runs : runs.filter((other) => other.run === selected)
  const facts = run === null ? [] : runFacts(run, now)
  const reading = run && loadingText(run.loading)
  if (reading) facts.push(reading)
  const grave = tone === 'critical' || tone === 'warning'
  return (
    <div class="verdict-block">
      {whole !== null && <p class="whole">{whole}</p>}
      <div class={grave ? `lead ${tone}` : 'lead'}>
        <div class="verdict">
          <h1>{unbroken(text)}</h1>
          {grave && <span class={`chip ${tone}`}>{tone}</span>}
        </div>
        <FirstStep />
        <p class="facts">
          {facts.join(' · ')} <ProblemsLink runs={concerned} />
        </p>
      </div>
    </div>
  )
}
