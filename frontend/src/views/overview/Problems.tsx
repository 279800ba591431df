/** What could not be read: which file, where in it, and what. Everything else is shown all the same. */

import type { Problem, Run } from '../../contract'
import { formatStep } from '../../lib/numbers'
import { useTab } from '../context'

const SHOWN = 50

export function Problems({ runs }: { runs: readonly Run[] }) {
  const { server } = useTab()
  const problems = [
    ...(server.answer.value?.problems ?? []),
    ...runs.flatMap((run) => run.problems),
  ]
  if (problems.length === 0) return null
  return (
    <section aria-label="Problems">
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
