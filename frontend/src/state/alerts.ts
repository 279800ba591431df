/** The rows of the alert table: the findings that pass the filters. */

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Finding, Run } from '../contract'
import { applyFacets, FACETS, type FacetCounts } from '../lib/facets'
import { compilePattern, type Pattern } from '../lib/filter'
import type { Entry, Name } from '../lib/finding-entries'
import { flatRows, groupFindings, pageRows, type TableRow } from '../lib/incidents'
import { assignColours } from '../lib/run-colour'
import { DEFAULT_SORT } from '../lib/sort'
import { containsText, memoized } from '../lib/text-search'
import { type Sentence, verdictSentence } from '../lib/verdict'
import type { FindingKey, ViewState } from '../lib/view-state'
import type { ServerState } from './server'
import type { View } from './view'

export interface Alerts {
  readonly runPattern: ReadonlySignal<Pattern>
  readonly layerPattern: ReadonlySignal<Pattern>
  readonly runs: ReadonlySignal<readonly Run[]>
  /** All runs by name. */
  readonly runOf: ReadonlySignal<ReadonlyMap<string, Run>>
  readonly runColours: ReadonlySignal<ReadonlyMap<string, number>>
  /** Whether the view needs all findings, and they are not loaded yet. */
  readonly waiting: ReadonlySignal<boolean>
  /** The findings that pass the filters, in the server's order, including those folded into rows. */
  readonly passing: ReadonlySignal<readonly Entry[]>
  readonly rows: ReadonlySignal<readonly TableRow[]>
  /** The number of rows, including those not loaded yet. */
  readonly rowCount: ReadonlySignal<number>
  /** The count of each chip under all other filters; null while unknown. */
  readonly counts: ReadonlySignal<FacetCounts | null>
  readonly verdict: ReadonlySignal<Sentence>
  /** The finding that the given one follows from, whether or not it passes the filters. */
  readonly followed: (finding: Finding) => Finding | null
  /** The finding that a run's headline is about. */
  readonly named: (run: Run | null) => Finding | null
}

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
  const runOf = computed(() => new Map(allRuns.value.map((run) => [run.run, run])))
  const waiting = computed(() => server.page.value !== null && !showsEverything(current.value))

  const within = computed(() => {
    const { matches: matchesRun } = runPattern.value
    const layers = layerPattern.value
    const matchesLayer = memoized<Name>((name) => layers.matches(name.text))
    const run = selected.value
    const says = containsText(text.value, titleOf(server))
    const ofRun = memoized<Name>(
      (name) => (run ?? name.text) === name.text && matchesRun(name.text),
    )
    const entries = server.entries.value
    if (runFilter.value + layerFilter.value + text.value === '' && run === null) return entries
    return entries.filter((entry) => ofRun(entry.run) && matchesLayer(entry.tensor) && says(entry))
  })

  const facets = computed(() => {
    const wanted = {
      severity: severities.value,
      state: states.value,
      symptom: symptoms.value,
      kind: kinds.value,
    }
    return applyFacets(within.value, wanted, muted.value)
  })

  const passing = computed(() => facets.value.passing)
  const counts = computed((): FacetCounts | null => {
    const page = server.page.value
    if (page === null) return facets.value.counts
    return waiting.value ? null : { ...page.counts, muted: page.muted }
  })
  /** The incident of the opened finding is unfolded, so that a shared address shows the finding. */
  const openedIncident = computed(() => {
    const wanted = opened.value
    if (wanted === null) return null
    const found = passing.value.find(({ finding }) => sameFinding(finding, wanted))
    return found && !found.finding.origin ? found.incident : null
  })
  const rows = computed(() => {
    const page = server.page.value
    if (page !== null && waiting.value) return []
    if (flat.value) return flatRows(passing.value, sort.value)
    const open = new Set(unfolded.value)
    if (openedIncident.value !== null) open.add(openedIncident.value)
    const isUnfolded = (incident: string) => open.has(incident)
    return page === null
      ? groupFindings(passing.value, sort.value, isUnfolded)
      : pageRows(passing.value, page, isUnfolded)
  })
  const rowCount = computed(() =>
    server.page.value === null || waiting.value ? rows.value.length : server.page.value.incidents,
  )

  let colours: ReadonlyMap<string, number> = new Map()
  const runColours = computed(() => {
    colours = assignColours(
      colours,
      allRuns.value.map(({ run }) => run),
    )
    return colours
  })

  const verdict = computed(() => verdictSentence(runs.value, selected.value))

  const followed = ({ run, follows }: Finding) => {
    const part = server.parts.value.get(run)
    return (follows !== null && part && byId(part).get(follows)) || null
  }

  const named = (run: Run | null) => {
    if (run === null || run.named === null) return null
    const ofPage = server.page.value?.named
    if (ofPage?.run === run.run && ofPage.id === run.named) return ofPage
    const part = server.parts.value.get(run.run)
    return (part && byId(part).get(run.named)) || null
  }

  return {
    runPattern,
    layerPattern,
    runs,
    runOf,
    runColours,
    waiting,
    passing,
    rows,
    rowCount,
    counts,
    verdict,
    followed,
    named,
  }
}

const identified = new WeakMap<readonly Entry[], ReadonlyMap<string, Finding>>()

/** A run's findings by id; built on first use and cached until the run changes. */
function byId(part: readonly Entry[]): ReadonlyMap<string, Finding> {
  const before = identified.get(part)
  if (before) return before
  const map = new Map(part.map(({ finding }) => [finding.id, finding]))
  identified.set(part, map)
  return map
}

/** Whether the table shows all incidents in the default order, as the first page does. */
function showsEverything(view: ViewState): boolean {
  const { runFilter, layerFilter, text, run, flat, muted, sort } = view
  return (
    runFilter + layerFilter + text === '' &&
    run === null &&
    !flat &&
    !muted &&
    sort.column === DEFAULT_SORT.column &&
    sort.descending === DEFAULT_SORT.descending &&
    FACETS.every((facet) => view[CHOICES[facet]].length === 0)
  )
}

const CHOICES = {
  severity: 'severities',
  state: 'states',
  symptom: 'symptoms',
  kind: 'kinds',
} as const

/** The title of a symptom; its id if the symptom is unknown. */
export function titleOf(server: ServerState): (symptom: string) => string {
  const symptoms = server.symptoms.value
  return (symptom) => symptoms.get(symptom)?.title ?? symptom
}

export function sameFinding(a: FindingKey | null, b: FindingKey | null): boolean {
  return a !== null && b !== null && a.run === b.run && a.id === b.id
}
