/** The rows of the alert table: what was found, through what the reader chose. */

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Finding, FindingState, Run, Severity } from '../contract'
import { chosen, compilePattern, countBy, type Pattern } from '../lib/filter'
import { flatRows, groupFindings, incidentKey, type TableRow } from '../lib/incidents'
import { assignColours } from '../lib/run-colour'
import { naturalOrder } from '../lib/sort'
import { type Sentence, verdictSentence } from '../lib/verdict'
import type { FindingKey, ViewState } from '../lib/view-state'
import type { ServerState } from './server'
import type { View } from './view'

type Counts = Readonly<Record<string, number>>

export interface Alerts {
  readonly runPattern: ReadonlySignal<Pattern>
  readonly layerPattern: ReadonlySignal<Pattern>
  readonly runs: ReadonlySignal<readonly Run[]>
  readonly runColours: ReadonlySignal<ReadonlyMap<string, number>>
  /** What passes the filters: the rows with all that is folded into them. */
  readonly passing: ReadonlySignal<readonly Finding[]>
  readonly rows: ReadonlySignal<readonly TableRow[]>
  /** What each chip would show under all the other filters. */
  readonly severityCounts: ReadonlySignal<Partial<Record<Severity, number>>>
  readonly stateCounts: ReadonlySignal<Partial<Record<FindingState, number>>>
  readonly symptomCounts: ReadonlySignal<Counts>
  readonly kindCounts: ReadonlySignal<Counts>
  readonly mutedCount: ReadonlySignal<number>
  readonly verdict: ReadonlySignal<Sentence>
}

type Facet = 'severity' | 'state' | 'symptom' | 'kind' | 'muted'

export function createAlerts(server: ServerState, view: View): Alerts {
  const { current } = view
  const part = <K extends keyof ViewState>(name: K) => computed(() => current.value[name])
  const runFilter = part('runFilter')
  const layerFilter = part('layerFilter')
  const text = part('text')
  const selected = part('run')
  const severities = part('severities')
  const states = part('states')
  const symptoms = part('symptoms')
  const kinds = part('kinds')
  const muted = part('muted')
  const flat = part('flat')
  const sort = part('sort')
  const unfolded = part('unfolded')
  const opened = part('opened')

  const runPattern = computed(() => compilePattern(runFilter.value))
  const layerPattern = computed(() => compilePattern(layerFilter.value))
  const allRuns = computed(() => server.answer.value?.runs ?? [])
  const runs = computed(() => allRuns.value.filter(({ run }) => runPattern.value.matches(run)))

  const within = computed(() => {
    const matchesRun = onceEach(runPattern.value.matches)
    const matchesLayer = onceEach(layerPattern.value.matches)
    const title = titleOf(server)
    const wanted = text.value.trim().toLowerCase()
    return server.findings.value.filter(
      (finding) =>
        (selected.value === null || selected.value === finding.run) &&
        matchesRun(finding.run) &&
        matchesLayer(finding.tensor) &&
        (wanted === '' || says(finding, title(finding.symptom), wanted)),
    )
  })

  /** Under all filters but one: what that one could still let through. */
  function passes(finding: Finding, but: Facet | null): boolean {
    return (
      (but === 'severity' || chosen(severities.value, finding.severity)) &&
      (but === 'state' || chosen(states.value, finding.state)) &&
      (but === 'symptom' || chosen(symptoms.value, finding.symptom)) &&
      (but === 'kind' || chosen(kinds.value, finding.kind)) &&
      (but === 'muted' || muted.value || !finding.muted)
    )
  }
  const counts = <K extends string>(facet: Facet, key: (finding: Finding) => K) =>
    computed(() =>
      countBy(
        within.value.filter((finding) => passes(finding, facet)),
        key,
      ),
    )

  const passing = computed(() => within.value.filter((finding) => passes(finding, null)))
  const order = computed(() => naturalOrder(server.findings.value))
  /** The opened finding's incident stands open, so that an address shows what it speaks of. */
  const openedIncident = computed(() => {
    const found = passing.value.find((finding) => sameFinding(finding, opened.value))
    return found && !found.origin ? incidentKey(found) : null
  })
  const rows = computed(() => {
    if (flat.value) return flatRows(passing.value, sort.value, order.value)
    const open = new Set(unfolded.value)
    if (openedIncident.value !== null) open.add(openedIncident.value)
    return groupFindings(passing.value, sort.value, order.value, (incident) => open.has(incident))
  })

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
    passing,
    rows,
    severityCounts: counts('severity', ({ severity }) => severity),
    stateCounts: counts('state', ({ state }) => state),
    symptomCounts: counts('symptom', ({ symptom }) => symptom) as ReadonlySignal<Counts>,
    kindCounts: counts('kind', ({ kind }) => kind) as ReadonlySignal<Counts>,
    mutedCount: computed(
      () => within.value.filter((finding) => finding.muted && passes(finding, 'muted')).length,
    ),
    verdict,
  }
}

/** Thousands of findings have few names: each is matched once. */
function onceEach(matches: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const answer = matches(text)
    known.set(text, answer)
    return answer
  }
}

function says(finding: Finding, title: string, wanted: string): boolean {
  const { tensor, run, symptom, message } = finding
  return [title, tensor, run, symptom, message].some((text) => text.toLowerCase().includes(wanted))
}

/** The symptom's name for people, or its id where the table of symptoms does not know it. */
export function titleOf(server: ServerState): (symptom: string) => string {
  const symptoms = server.symptoms.value
  return (symptom) => symptoms.get(symptom)?.title ?? symptom
}

export function sameFinding(a: FindingKey | null, b: FindingKey | null): boolean {
  return a !== null && b !== null && a.run === b.run && a.id === b.id
}
