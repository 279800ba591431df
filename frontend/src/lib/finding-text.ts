/** Short texts for a finding's state and for its relation to its incident. */

import type { Finding, Symptom } from '../contract'
import { formatStep } from './numbers'

/** "open" or "resolved at 390"; for an open finding that the newest record does not show, its last step. */
export function stateText(
  { state, last_step, resolved_step }: Finding,
  newest: number | null,
): string {
  if (state === 'resolved') {
    return resolved_step === null ? 'resolved' : `resolved at ${formatStep(resolved_step)}`
  }
  const lags = newest !== null && last_step < newest
  return lags ? `open, last seen at step ${formatStep(last_step)}` : 'open'
}

/** What to try, in the words of the finding's framework. */
export function adviceFor({ framework = '' }: Finding, symptom: Symptom | undefined): string[] {
  return symptom?.advice_by_framework?.[framework] ?? symptom?.advice ?? []
}

/** The relation of a member that is not the origin to its incident. */
export function causeText({ follows }: Finding, followed: Finding | null): string {
  if (follows === null) return 'at the same time'
  return `follows from ${followed?.tensor ?? 'the origin'}`
}
