/** The rows of the alert table: what was found, through what the reader chose. */

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Finding, FindingState, Run, Severity } from '../contract'
import { chosen, compilePattern, countBy, type Pattern } from '../lib/filter'
import { assignColours } from '../lib/run-colour'
import { sortFindings } from '../lib/sort'
import type { FindingKey } from '../lib/url-state'
import { type Sentence, verdictSentence } from '../lib/verdict'
import type { ServerState } from './server'
import type { View } from './view'

export interface Alerts {
  readonly runPattern: ReadonlySignal<Pattern>
  readonly layerPattern: ReadonlySignal<Pattern>
  readonly runs: ReadonlySignal<readonly Run[]>
  readonly runColours: ReadonlySignal<ReadonlyMap<string, number>>
  readonly rows: ReadonlySignal<readonly Finding[]>
  /** What each chip would show under all the other filters. */
  readonly severityCounts: ReadonlySignal<Partial<Record<Severity, number>>>
  readonly stateCounts: ReadonlySignal<Partial<Record<FindingState, number>>>
  readonly verdict: ReadonlySignal<Sentence>
}

export function createAlerts(server: ServerState, view: View): Alerts {
  const { current } = view
  const part = <T>(read: () => T) => computed(read)
  const runFilter = part(() => current.value.runFilter)
  const layerFilter = part(() => current.value.layerFilter)
  const selected = part(() => current.value.run)
  const severities = part(() => current.value.severities)
  const states = part(() => current.value.states)
  const sort = part(() => current.value.sort)

  const runPattern = computed(() => compilePattern(runFilter.value))
  const layerPattern = computed(() => compilePattern(layerFilter.value))
  const allRuns = computed(() => server.answer.value?.runs ?? [])
  const runs = computed(() => allRuns.value.filter(({ run }) => runPattern.value.matches(run)))

  const within = computed(() =>
    server.findings.value.filter(
      ({ run, tensor }) =>
        (selected.value === null || selected.value === run) &&
        runPattern.value.matches(run) &&
        layerPattern.value.matches(tensor),
    ),
  )
  const ofSeverity = computed(() =>
    within.value.filter(({ severity }) => chosen(severities.value, severity)),
  )
  const ofState = computed(() => within.value.filter(({ state }) => chosen(states.value, state)))
  const rows = computed(() =>
    sortFindings(
      ofSeverity.value.filter(({ state }) => chosen(states.value, state)),
      sort.value,
    ),
  )

  let colours: ReadonlyMap<string, number> = new Map()
  const runColours = computed(() => {
    colours = assignColours(
      colours,
      allRuns.value.map(({ run }) => run),
    )
    return colours
  })

  const verdict = computed(() =>
    verdictSentence(runs.value, server.findings.value, selected.value, titleOf(server)),
  )

  return {
    runPattern,
    layerPattern,
    runs,
    runColours,
    rows,
    severityCounts: computed(() => countBy(ofState.value, ({ severity }) => severity)),
    stateCounts: computed(() => countBy(ofSeverity.value, ({ state }) => state)),
    verdict,
  }
}

/** The symptom's name for people, or its id where the table of symptoms does not know it. */
export function titleOf(server: ServerState): (symptom: string) => string {
  const symptoms = server.symptoms.value
  return (symptom) => symptoms.get(symptom)?.title ?? symptom
}

export function sameFinding(a: FindingKey | null, b: FindingKey | null): boolean {
  return a !== null && b !== null && a.run === b.run && a.id === b.id
}
