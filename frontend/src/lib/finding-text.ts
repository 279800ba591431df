/** How a finding goes on, and how it belongs to its incident, in a few words. */

import type { Finding } from '../contract'
import { formatStep } from './numbers'

/** "open", "resolved at 390"; of an open one that the run's newest record did not show, where it was seen last. */
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

/** What a member of an incident that is not its origin has to do with the others. */
export function causeText({ follows }: Finding, followed: Finding | null): string {
  if (follows === null) return 'at the same time'
  return `follows from ${followed?.tensor ?? 'the origin'}`
}
