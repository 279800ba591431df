/** What a text or an expression finds: thousands of findings have few names, and each is looked at once. */

import type { Entry, Name } from './finding-entries'

/** The same answers, each worked out once. */
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

/** Whether anything that an entry says contains the text, whatever its case. */
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
