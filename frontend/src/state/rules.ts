/** The rules in force, the tried rules, and their findings. Loaded while the view is shown. */

import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, HttpError } from '../api'
import type { Judged, Mute, RuleDocument, RulesAnswer, Severity } from '../contract'
import { countBy } from '../lib/filter'
import { keyOf } from '../lib/finding-entries'
import { draftText, mutesOf, parseDocument, withMutes } from '../lib/rule-document'
import { type Effect, effectsBySymptom, selectTrialRuns, type TrialRuns } from '../lib/rule-trial'
import type { Alerts } from './alerts'
import { createJudging, type Trial } from './judging'
import { explain, type ServerState } from './server'
import type { View } from './view'

export interface RulesState {
  /** Null until the first answer. */
  readonly inForce: ReadonlySignal<RulesAnswer | null>
  /** The rules in the controls: the draft, or the rules in force. */
  readonly document: ReadonlySignal<RuleDocument>
  /** Whether the tried rules differ from those in force. */
  readonly trying: ReadonlySignal<boolean>
  readonly trialRuns: ReadonlySignal<TrialRuns>
  /** The findings of the rules in force in those runs, without muted ones. */
  readonly found: ReadonlySignal<Found>
  /** The findings of the tried rules; the last response stays while the next is loading. */
  readonly judged: ReadonlySignal<Judged | null>
  /** The changes against the rules in force, by symptom. */
  readonly effects: ReadonlySignal<ReadonlyMap<string, Effect>>
  /** Whether `judged` belongs to the rules in the controls. */
  readonly upToDate: ReadonlySignal<boolean>
  readonly judging: ReadonlySignal<boolean>
  /** Why the rules could not be loaded or the tried rules could not be judged. */
  readonly failure: ReadonlySignal<string | null>
  readonly loadFailure: ReadonlySignal<string | null>
  /** Tries a document: at once, or when the user pauses. */
  readonly attempt: (document: RuleDocument, when?: 'at once' | 'at a pause') => void
  /** The rules in force with one more mute, as a rule file and as the draft in an address. */
  readonly withMute: (run: string, mute: Mute) => Promise<MutedRules>
  /** Tries a rule file. */
  readonly load: (name: string, text: string) => Promise<void>
}

export interface MutedRules {
  toml: string
  draft: string
}

/** Counts of the findings, computed once because every notch of a slider reads them. */
export interface Found {
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>
  readonly bySymptom: Readonly<Record<string, number>>
  /** `keyOf` all findings, including muted ones. */
  readonly keys: ReadonlySet<string>
}

const DEBOUNCE_MS = 150
/** The limit of the route, in characters. */
const MAX_CHARACTERS = 16 << 10

export function createRules(api: Api, server: ServerState, view: View, alerts: Alerts): RulesState {
  const shown = computed(() => view.current.value.view === 'rules')
  const draft = computed(() => view.current.value.draft)
  const selected = computed(() => view.current.value.run)
  const inForce = signal<RulesAnswer | null>(null)
  const rulesFailure = signal<string | null>(null)
  const loadFailure = signal<string | null>(null)
  /** A change not yet in the address: a slider changes faster than the address may. */
  const pending = signal<RuleDocument | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  const base = computed<RuleDocument>(() => inForce.value?.rules ?? {})
  const document = computed(() => pending.value ?? parseDocument(draft.value) ?? base.value)
  const trialRuns = computed(() => {
    const selectedRuns = alerts.runs.value.filter(
      ({ run }) => selected.value === null || run === selected.value,
    )
    return selectTrialRuns(selectedRuns, server.answer.value?.runs.length ?? 0)
  })

  const found = computed<Found>(() => {
    const names = new Set(trialRuns.value.runs.map(({ run }) => run))
    const within = server.findings.value.filter(({ run }) => names.has(run))
    const counted = within.filter(({ muted }) => !muted)
    return {
      bySeverity: countBy(counted, ({ severity }) => severity),
      bySymptom: countBy(counted, ({ symptom }) => symptom) as Record<string, number>,
      keys: new Set(within.map(keyOf)),
    }
  })

  // Loaded again with every response: a restarted server may have other rules.
  effect(() => {
    if (!shown.value || server.answer.value === null) return
    api.rules().then(
      (answer) => {
        inForce.value = answer
        rulesFailure.value = null
      },
      (error: unknown) => {
        rulesFailure.value = explain(error)
      },
    )
  })

  const request = computed(() => {
    const { runs, names } = trialRuns.value
    if (!shown.value || draft.value === '' || runs.length === 0) return null
    const revisions = runs.map(({ run, revision, records }) => `${run} ${revision ?? records}`)
    // The request is repeated when the server is reachable again.
    const away = server.failure.value !== null
    const key = JSON.stringify([draft.value, runs.map(({ run }) => run)])
    return { draft: draft.value, names, key, revision: JSON.stringify([key, revisions, away]) }
  })
  const judging = createJudging(api, request)

  // A new address, from a link or the back button, discards the pending change.
  effect(() => {
    void draft.value
    clearTimeout(timer)
    pending.value = null
  })

  function commit(): void {
    clearTimeout(timer)
    const written = pending.peek()
    if (written === null) return
    batch(() => {
      pending.value = null
      view.change({ draft: draftText(written, base.peek()) })
    })
  }

  const attempt: RulesState['attempt'] = (next, when = 'at once') => {
    loadFailure.value = null
    pending.value = next
    clearTimeout(timer)
    if (when === 'at once') commit()
    else timer = setTimeout(commit, DEBOUNCE_MS)
  }

  const withMute: RulesState['withMute'] = async (run, mute) => {
    const { rules } = await api.rules()
    const draft = JSON.stringify(withMutes(rules, [...mutesOf(rules), mute]))
    // One run is enough: the server writes the file from the document.
    const { toml } = await api.judge({ rules: draft }, [run])
    return { toml, draft }
  }

  async function load(name: string, text: string): Promise<void> {
    loadFailure.value = null
    if (text.length > MAX_CHARACTERS) {
      const most = MAX_CHARACTERS.toLocaleString('en-US')
      loadFailure.value = `${name} has more than the ${most} characters that can be tried here.`
      return
    }
    try {
      // One run is enough to parse the file; the draft then starts the judgement of all runs.
      const any = trialRuns.peek().runs[0] ?? server.answer.peek()?.runs[0]
      const { rules } = await api.judge({ toml: text }, any ? [any.run] : [])
      attempt(rules)
    } catch (error) {
      // The server names the file after its parameter.
      loadFailure.value =
        error instanceof HttpError
          ? error.message.replace(/^toml: /gm, `${name}: `)
          : explain(error)
    }
  }

  const trying = computed(() =>
    pending.value === null ? draft.value !== '' : draftText(pending.value, base.value) !== '',
  )
  const current = computed<Trial | null>(() => (draft.value === '' ? null : judging.trial.value))
  const upToDate = computed(
    () =>
      pending.value === null && (draft.value === '' || current.value?.key === request.value?.key),
  )
  const failure = computed(() => rulesFailure.value ?? judging.failure.value)
  // If the request for the shown rules failed, findings of other rules are not shown.
  const judged = computed(() =>
    upToDate.value || failure.value === null ? (current.value?.judged ?? null) : null,
  )

  // A hand-written draft may extend a preset; the controls need the full document.
  effect(() => {
    const written = parseDocument(draft.value)
    if (written?.extends === undefined || !upToDate.value || current.value === null) return
    view.change({ draft: draftText(current.value.judged.rules, base.value) })
  })

  return {
    inForce,
    document,
    trying,
    trialRuns,
    found,
    judged,
    effects: computed(() => (judged.value === null ? new Map() : effectsBySymptom(judged.value))),
    upToDate,
    judging: computed(() => !upToDate.value && failure.value === null),
    failure,
    loadFailure,
    attempt,
    withMute,
    load,
  }
}
