/** Text search over findings. Thousands of findings have few distinct names; each name is tested once. */

import type { Entry, Name } from './finding-entries'

/** The function with its results cached. */
export function memoized<T>(matches: (of: T) => boolean): (of: T) => boolean {
  const results = new Map<T, boolean>()
  return (of) => {
    const cached = results.get(of)
    if (cached !== undefined) return cached
    const answer = matches(of)
    results.set(of, answer)
    return answer
  }
}

/** A test whether any text of an entry contains the query; ignores case. */
export function containsText(
  text: string,
  title: (symptom: string) => string,
): (entry: Entry) => boolean {
  const query = text.trim().toLowerCase()
  if (query === '') return () => true
  const contains = (value: string) => value.toLowerCase().includes(query)
  const nameContains = memoized<Name>((name) => contains(name.text))
  const symptomContains = memoized<string>(
    (symptom) => contains(symptom) || contains(title(symptom)),
  )
  return ({ finding, run, tensor }) =>
    nameContains(tensor) ||
    nameContains(run) ||
    symptomContains(finding.symptom) ||
    contains(finding.message)
}
