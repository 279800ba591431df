/** The sticky head of the view: the effect of the tried rules, and actions. */

import type { RulesAnswer } from '../../contract'
import { count } from '../../lib/numbers'
import { trialSentence } from '../../lib/rule-trial'
import { useTab } from '../context'
import { Actions } from './Actions'
import { ChangedRules } from './ChangedRules'
import { Counts } from './Counts'
import { Differences } from './Differences'
import { HowTo } from './HowTo'
import { useDebounced } from './useDebounced'

export function Trial({ inForce }: { inForce: RulesAnswer }) {
  const { rules } = useTab()
  const trying = rules.trying.value
  return (
    <div class="trial">
      <div class="strip">
        <Headline inForce={inForce} />
        <div class="facts" aria-busy={rules.judging.value}>
          <Counts />
          <RunsTried />
          <span class="judging">{rules.judging.value && 'judging…'}</span>
        </div>
        <Actions inForce={inForce} />
        <Faults title="The rules in force" text={inForce.problem} />
        <Faults title="Not judged" text={rules.failure.value} />
        <Faults title="Not loaded" text={rules.loadFailure.value} />
      </div>
      <div class="parts">
        {trying && <ChangedRules inForce={inForce} />}
        {trying && <Differences />}
        <HowTo />
      </div>
    </div>
  )
}

function Headline({ inForce }: { inForce: RulesAnswer }) {
  const { rules } = useTab()
  const judged = rules.judged.value
  const upToDate = rules.upToDate.value && judged !== null
  const announced = useDebounced(upToDate ? `Trying other rules: ${trialSentence(judged)}` : '')
  return (
    <>
      <h1>
        {rules.trying.value
          ? `Trying other rules${judged === null ? '' : `: ${trialSentence(judged)}`}`
          : `Rules in force: ${inForce.origin}`}
      </h1>
      <span class="unseen" role="status">
        {announced}
      </span>
    </>
  )
}

/** The number of runs on which the rules are tried. */
function RunsTried() {
  const { rules } = useTab()
  const { runs, requested } = rules.trialRuns.value
  if (requested === 0) return <span>No run passes the filter.</span>
  if (runs.length === requested) return <span>in {count(requested, 'run')}</span>
  return (
    <span>
      in the first {runs.length} of {count(requested, 'run')}: filter the runs to choose others
    </span>
  )
}

/** The server's error sentences, one per line. */
function Faults({ title, text }: { title: string; text: string | null }) {
  return (
    <div class="faults" role="alert">
      {text && (
        <>
          <strong>{title}.</strong>{' '}
          {text.split('\n').map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </>
      )}
    </div>
  )
}
