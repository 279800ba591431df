/** The rules in force, those that the reader tries, and what these would find. Asked for while the view is shown. */

import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, Refusal } from '../api'
import type { Judged, RuleDocument, RulesAnswer, Severity } from '../contract'
import { countBy } from '../lib/filter'
import { keyOf } from '../lib/register'
import { draftText, parseDocument } from '../lib/rule-document'
import { type Effect, effectsBySymptom, runsToTry, type Tried } from '../lib/trial'
import type { Alerts } from './alerts'
import { createJudging, type Trial } from './judging'
import { explain, type ServerState } from './server'
import type { View } from './view'

export interface RulesState {
  /** Null until the first answer. */
  readonly inForce: ReadonlySignal<RulesAnswer | null>
  /** What the controls show: the draft as it is being changed, or the rules in force. */
  readonly document: ReadonlySignal<RuleDocument>
  /** Whether other rules than those in force are tried. */
  readonly trying: ReadonlySignal<boolean>
  readonly tried: ReadonlySignal<Tried>
  /** What the rules in force have found in those runs and do not mute. */
  readonly found: ReadonlySignal<Found>
  /** What the rules being tried would find; the last answer stays while the next is on its way. */
  readonly judged: ReadonlySignal<Judged | null>
  /** What that changes, by symptom. */
  readonly effects: ReadonlySignal<ReadonlyMap<string, Effect>>
  /** Whether `judged` is the answer to what the controls show. */
  readonly settled: ReadonlySignal<boolean>
  readonly judging: ReadonlySignal<boolean>
  /** Why there are no rules, or no judgement by those being tried. */
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
  /** By `keyOf`, whether muted or not: what there is evidence of. */
  readonly keys: ReadonlySet<string>
}

const PAUSE_MS = 150
/** The route's own bound, in characters. */
const LONGEST = 16 << 10

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

  const usual = computed<RuleDocument>(() => inForce.value?.rules ?? {})
  const document = computed(() => pending.value ?? parseDocument(draft.value) ?? usual.value)
  const tried = computed(() => {
    const wanted = alerts.runs.value.filter(
      ({ run }) => selected.value === null || run === selected.value,
    )
    return runsToTry(wanted, server.answer.value?.runs.length ?? 0)
  })

  const found = computed<Found>(() => {
    const names = new Set(tried.value.runs.map(({ run }) => run))
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

  const question = computed(() => {
    const { runs, names } = tried.value
    if (!shown.value || draft.value === '' || runs.length === 0) return null
    const revisions = runs.map(({ run, revision, records }) => `${run} ${revision ?? records}`)
    // When the server is back it is asked again.
    const away = server.failure.value !== null
    const what = JSON.stringify([draft.value, runs.map(({ run }) => run)])
    return { draft: draft.value, names, what, stamp: JSON.stringify([what, revisions, away]) }
  })
  const judging = createJudging(api, question)

  // Another address, by a link or the back button, outdoes what was not written yet.
  effect(() => {
    void draft.value
    clearTimeout(timer)
    pending.value = null
  })

  function commit(): void {
    clearTimeout(timer)
    const wanted = pending.peek()
    if (wanted === null) return
    batch(() => {
      pending.value = null
      view.change({ draft: draftText(wanted, usual.peek()) })
    })
  }

  const attempt: RulesState['attempt'] = (wanted, when = 'at once') => {
    loadFailure.value = null
    pending.value = wanted
    clearTimeout(timer)
    if (when === 'at once') commit()
    else timer = setTimeout(commit, PAUSE_MS)
  }

  async function load(name: string, text: string): Promise<void> {
    loadFailure.value = null
    if (text.length > LONGEST) {
      const most = LONGEST.toLocaleString('en-US')
      loadFailure.value = `${name} has more than the ${most} characters that can be tried here.`
      return
    }
    try {
      // One run is enough to have it read; the judgement of all follows from the draft.
      const any = tried.peek().runs[0] ?? server.answer.peek()?.runs[0]
      const { rules } = await api.judge({ toml: text }, any ? [any.run] : [])
      attempt(rules)
    } catch (error) {
      // The server calls the file by the name of its parameter.
      loadFailure.value =
        error instanceof Refusal ? error.message.replace(/^toml: /gm, `${name}: `) : explain(error)
    }
  }

  const trying = computed(() =>
    pending.value === null ? draft.value !== '' : draftText(pending.value, usual.value) !== '',
  )
  const current = computed<Trial | null>(() => (draft.value === '' ? null : judging.trial.value))
  const settled = computed(
    () =>
      pending.value === null &&
      (draft.value === '' || current.value?.what === question.value?.what),
  )
  const failure = computed(() => rulesFailure.value ?? judging.failure.value)
  // What other rules than those shown would find is worth nothing when the answer to these failed.
  const judged = computed(() =>
    settled.value || failure.value === null ? (current.value?.judged ?? null) : null,
  )

  // A draft written by hand may stand on a preset; what the controls show and change is the whole.
  effect(() => {
    const written = parseDocument(draft.value)
    if (written?.extends === undefined || !settled.value || current.value === null) return
    view.change({ draft: draftText(current.value.judged.rules, usual.value) })
  })

  return {
    inForce,
    document,
    trying,
    tried,
    found,
    judged,
    effects: computed(() => (judged.value === null ? new Map() : effectsBySymptom(judged.value))),
    settled,
    judging: computed(() => !settled.value && failure.value === null),
    failure,
    loadFailure,
    attempt,
    load,
  }
}
