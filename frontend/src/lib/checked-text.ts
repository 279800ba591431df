/** Texts about what was checked. */

import type { Checked, Closest } from '../contract'
import { count, formatMeasured, formatStep } from './numbers'

/** "steps 0 to 590". */
export function stepsText({ first_step, last_step }: Checked): string {
  if (first_step === null || last_step === null) return 'no step'
  if (first_step === last_step) return `step ${formatStep(first_step)}`
  return `steps ${formatStep(first_step)} to ${formatStep(last_step)}`
}

/** "15 symptoms judged, 5 not". */
export function judgedText({ symptoms, not_judged }: Checked): string {
  const judged = `${count(symptoms.length, 'symptom')} judged`
  return not_judged.length === 0 ? judged : `${judged}, ${formatStep(not_judged.length)} not`
}

/** "12 %, a finding above 20 %". */
export function closestText({ value, threshold, unit, direction }: Closest): string {
  const limit =
    threshold === null ? '' : `, a finding ${direction} ${formatMeasured(threshold, unit)}`
  return formatMeasured(value, unit) + limit
}

/** The ratio of a value to its limit, from 0 to 1; null if it is undefined. */
export function nearness({ value, threshold, direction }: Closest): number | null {
  if (value === null || threshold === null) return null
  const [part, whole] = direction === 'above' ? [value, threshold] : [threshold, value]
  return part >= 0 && whole > 0 ? Math.min(1, part / whole) : null
}

/** The reasons for symptoms that were not judged, each with the titles of the symptoms. */
export function notJudged({ not_judged }: Checked): { reason: string; titles: string[] }[] {
  const reasons = new Map<string, string[]>()
  for (const { reason, title } of not_judged) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), title])
  }
  return [...reasons].map(([reason, titles]) => ({ reason, titles }))
}
