/** What a text or an expression finds: thousands of findings have few names, and each is looked at once. */

import type { Entry, Name } from './register'

/** The same answers, each worked out once. */
export function onceEach<T>(matches: (of: T) => boolean): (of: T) => boolean {
  const known = new Map<T, boolean>()
  return (of) => {
    const before = known.get(of)
    if (before !== undefined) return before
    const answer = matches(of)
    known.set(of, answer)
    return answer
  }
}

/** Whether anything that an entry says holds the text, whatever its case. */
export function saying(
  text: string,
  title: (symptom: string) => string,
): (entry: Entry) => boolean {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return () => true
  const holds = (said: string) => said.toLowerCase().includes(wanted)
  const nameHolds = onceEach<Name>((name) => holds(name.text))
  const symptomHolds = onceEach<string>((symptom) => holds(symptom) || holds(title(symptom)))
  return ({ finding, run, tensor }) =>
    nameHolds(tensor) || nameHolds(run) || symptomHolds(finding.symptom) || holds(finding.message)
}
