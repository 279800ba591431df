/** What a text or an expression finds: thousands of findings have few names, and each is looked at once. */

import type { Entry, Name } from './register'

export function onceEach(matches: (text: string) => boolean): (name: Name) => boolean {
  const known = new Map<Name, boolean>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const answer = matches(name.text)
    known.set(name, answer)
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
  const nameHolds = onceEach(holds)
  const symptoms = new Map<string, boolean>()
  const symptomHolds = (symptom: string) => {
    const before = symptoms.get(symptom)
    if (before !== undefined) return before
    const answer = holds(symptom) || holds(title(symptom))
    symptoms.set(symptom, answer)
    return answer
  }
  return ({ finding, run, tensor }) =>
    nameHolds(tensor) || nameHolds(run) || symptomHolds(finding.symptom) || holds(finding.message)
}
