/** The read errors: file, offset and message. */

import type { Problem, Run } from '../../contract'
import { count, formatStep } from '../../lib/numbers'
import { useTab } from '../context'

const SHOWN = 50

const ID = 'problems'

/** The problems of the log directory and of the given runs. */
function useProblems(runs: readonly Run[]): Problem[] {
  const { server } = useTab()
  return [...(server.answer.value?.problems ?? []), ...runs.flatMap((run) => run.problems)]
}

/** A link to the problems, which may be scrolled out of view below many runs. */
export function ProblemsLink({ runs }: { runs: readonly Run[] }) {
  const { view } = useTab()
  const problems = useProblems(runs)
  if (problems.length === 0) return null
  const reveal = () => {
    view.runsUnfolded.value = true
    requestAnimationFrame(() => document.getElementById(ID)?.scrollIntoView({ block: 'nearest' }))
  }
  return (
    <button class="problems-link" type="button" onClick={reveal}>
      {count(problems.length, 'problem')} in the files
    </button>
  )
}

export function Problems({ runs }: { runs: readonly Run[] }) {
  const problems = useProblems(runs)
  if (problems.length === 0) return null
  return (
    <section id={ID} aria-label="Problems">
      <h2 class="caption">Problems</h2>
      <div class="side-note">
        <ul>
          {problems.slice(0, SHOWN).map((problem) => (
            <li key={`${problem.path}:${problem.offset}:${problem.message}`}>
              <ProblemText {...problem} />
            </li>
          ))}
          {problems.length > SHOWN && <li>and {problems.length - SHOWN} more</li>}
        </ul>
      </div>
    </section>
  )
}

function ProblemText({ path, offset, message }: Problem) {
  return (
    <>
      <span class="mono">{path}</span>
      {offset !== null && ` at byte ${formatStep(offset)}`}: {message}
    </>
  )
}
