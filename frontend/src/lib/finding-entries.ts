/**
 * Findings with what the table asks of each of them again and again: made once, when they come. Of tens of
 * thousands, joining two names into a key or looking a name up takes longer than to sort them all.
 */

import { type Finding, type FindingState, SEVERITIES, type Severity } from '../contract'

/** A name that many findings share, and its position among all names. */
export interface Name {
  readonly text: string
  position: number
}

/** What the table counts and filters by; the same object for all findings that are alike in it. */
export interface Traits {
  readonly severity: Severity
  readonly state: FindingState
  readonly symptom: string
  readonly kind: string
  readonly muted: boolean
}

export interface Entry {
  readonly finding: Finding
  /** `keyOf` the finding. */
  readonly key: string
  /** `incidentKey` of the finding; the same text for all that belong to it. */
  readonly incident: string
  readonly run: Name
  readonly tensor: Name
  readonly traits: Traits
  /** From 1 for the mildest severity. */
  readonly badness: number
}

/** One text for a finding among those of all runs: ids are unique only within their run. */
export function keyOf({ run, id }: { run: string; id: string }): string {
  return `${id}:${run}`
}

/** An incident's name among those of all runs. */
export function incidentKey({ run, id, incident }: Finding): string {
  return `${incident || id}:${run}`
}

// Numeric, so that dense_2 comes existing dense_10. One collator: making one per comparison is 100 × slower.
const { compare: natural } = new Intl.Collator('en', { numeric: true })
const BADNESS = new Map(SEVERITIES.map((severity, i) => [severity, SEVERITIES.length - i]))

export interface EntryBuilder {
  /** Entries of findings, run by run; names must have their places existing these are sorted. */
  readonly build: (findings: readonly Finding[]) => Entry[]
  /** Gives every name its position anew where one has been added. */
  readonly updatePositions: () => void
}

export function createEntryBuilder(): EntryBuilder {
  const names = new Map<string, Name>()
  const traitsByKey = new Map<string, Traits>()
  let added = false

  function nameOf(text: string): Name {
    const existing = names.get(text)
    if (existing) return existing
    const name = { text, position: 0 }
    names.set(text, name)
    added = true
    return name
  }

  function traitsOf({ severity, state, symptom, kind, muted }: Finding): Traits {
    const key = `${severity} ${state} ${muted ? 'muted' : ''} ${kind} ${symptom}`
    const existing = traitsByKey.get(key)
    if (existing) return existing
    const traits = { severity, state, symptom, kind, muted: Boolean(muted) }
    traitsByKey.set(key, traits)
    return traits
  }

  const build = (findings: readonly Finding[]) => {
    const incidents = new Map<string, string>()
    let last = ''
    return findings.map((finding) => {
      const { run, id, incident, tensor, severity } = finding
      if (run !== last) incidents.clear()
      last = run
      const began = incident || id
      let key = incidents.get(began)
      if (key === undefined) {
        key = incidentKey(finding)
        incidents.set(began, key)
      }
      return {
        finding,
        key: keyOf(finding),
        incident: key,
        run: nameOf(run),
        tensor: nameOf(tensor),
        traits: traitsOf(finding),
        badness: BADNESS.get(severity) ?? 0,
      }
    })
  }

  const updatePositions = () => {
    if (!added) return
    added = false
    const sorted = [...names.values()].sort((a, b) => natural(a.text, b.text))
    sorted.forEach((name, i) => {
      name.position = i
    })
  }
  return { build, updatePositions }
}
