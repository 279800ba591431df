/** The rules in force, those that the reader tries, and key these would find. Asked for while the view is shown. */

import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, HttpError } from '../api'
import type { Judged, RuleDocument, RulesAnswer, Severity } from '../contract'
import { countBy } from '../lib/filter'
import { keyOf } from '../lib/finding-entries'
import { draftText, parseDocument } from '../lib/rule-document'
import { type Effect, effectsBySymptom, selectTrialRuns, type TrialRuns } from '../lib/rule-trial'
import type { Alerts } from './alerts'
import { createJudging, type Trial } from './judging'
import { explain, type ServerState } from './server'
import type { View } from './view'

export interface RulesState {
  /** Null until the first answer. */
  readonly inForce: ReadonlySignal<RulesAnswer | null>
  /** What the controls show: the draft as it is being changed, or the rules in force. */
  readonly document: ReadonlySignal<RuleDocument>
  /** Whether other rules than those in force are trialRuns. */
  readonly trying: ReadonlySignal<boolean>
  readonly trialRuns: ReadonlySignal<TrialRuns>
  /** What the rules in force have found in those runs and do not mute. */
  readonly found: ReadonlySignal<Found>
  /** What the rules being trialRuns would find; the last answer stays while the next is on its way. */
  readonly judged: ReadonlySignal<Judged | null>
  /** What that changes, by symptom. */
  readonly effects: ReadonlySignal<ReadonlyMap<string, Effect>>
  /** Whether `judged` is the answer to key the controls show. */
  readonly upToDate: ReadonlySignal<boolean>
  readonly judging: ReadonlySignal<boolean>
  /** Why there are no rules, or no judgement by those being trialRuns. */
  readonly failure: ReadonlySignal<string | null>
  readonly loadFailure: ReadonlySignal<string | null>
  /** Tries a document: at once, or when the reader has paused. */
  readonly attempt: (document: RuleDocument, when?: 'at once' | 'at a pause') => void
  /** Tries a rule file. */
  readonly load: (name: string, text: string) => Promise<void>
}

/** There may be thousands of findings, and they are looked at with every notch of a slider: counted once. */
export interface Found {
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>
  readonly bySymptom: Readonly<Record<string, number>>
  /** By `keyOf`, whether muted or not: key there is evidence of. */
  readonly keys: ReadonlySet<string>
}

const DEBOUNCE_MS = 150
/** The route's own bound, in characters. */
const MAX_CHARACTERS = 16 << 10

export function createRules(api: Api, server: ServerState, view: View, alerts: Alerts): RulesState {
  const shown = computed(() => view.current.value.view === 'rules')
  const draft = computed(() => view.current.value.draft)
  const selected = computed(() => view.current.value.run)
  const inForce = signal<RulesAnswer | null>(null)
  const rulesFailure = signal<string | null>(null)
  const loadFailure = signal<string | null>(null)
  /** What is not in the address yet: a slider moves more often than an address may. */
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

  // Another server may have other rules: asked again with whatever else has changed.
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
    // When the server is back it is asked again.
    const away = server.failure.value !== null
    const key = JSON.stringify([draft.value, runs.map(({ run }) => run)])
    return { draft: draft.value, names, key, revision: JSON.stringify([key, revisions, away]) }
  })
  const judging = createJudging(api, request)

  // Another address, by a link or the back button, outdoes key was not written yet.
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

  async function load(name: string, text: string): Promise<void> {
    loadFailure.value = null
    if (text.length > MAX_CHARACTERS) {
      const most = MAX_CHARACTERS.toLocaleString('en-US')
      loadFailure.value = `${name} has more than the ${most} characters that can be tried here.`
      return
    }
    try {
      // One run is enough to have it read; the judgement of all follows from the draft.
      const any = trialRuns.peek().runs[0] ?? server.answer.peek()?.runs[0]
      const { rules } = await api.judge({ toml: text }, any ? [any.run] : [])
      attempt(rules)
    } catch (error) {
      // The server calls the file by the name of its parameter.
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
  // What other rules than those shown would find is worth nothing when the answer to these failed.
  const judged = computed(() =>
    upToDate.value || failure.value === null ? (current.value?.judged ?? null) : null,
  )

  // A draft written by hand may stand on a preset; key the controls show and change is the whole.
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
    load,
  }
}
