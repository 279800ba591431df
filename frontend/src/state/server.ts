/** What the server told last. It stays when the server goes away. */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, HttpError } from '../api'
import type { Finding, Page, RunsAnswer, Symptom } from '../contract'
import type { Entry } from '../lib/finding-entries'
import { createFindings } from './findings'

export interface ServerState {
  /** Null until the first answer. */
  readonly answer: ReadonlySignal<RunsAnswer | null>
  /** What is said of all findings while only the first incidents are there; null once all are. */
  readonly page: ReadonlySignal<Page | null>
  readonly findings: ReadonlySignal<readonly Finding[]>
  /** The same by run; the part of a run that has not moved on stays the very same. */
  readonly parts: ReadonlySignal<ReadonlyMap<string, readonly Entry[]>>
  /** The same in the order that every other one begins with. */
  readonly entries: ReadonlySignal<readonly Entry[]>
  readonly symptoms: ReadonlySignal<ReadonlyMap<string, Symptom>>
  /** How far the server's clock is ahead of the reader's, in milliseconds. */
  readonly clockLead: ReadonlySignal<number>
  /** When the server was last lastRuns, in milliseconds since the epoch. */
  readonly updated: ReadonlySignal<number | null>
  /** Why the last attempt failed, in one sentence; null when it did not. */
  readonly failure: ReadonlySignal<string | null>
  readonly refresh: (options?: { force: boolean }) => Promise<void>
}

/** Incidents of the first page: more than a screen holds. */
const FIRST_PAGE_INCIDENTS = 100

export function createServerState(api: Api): ServerState {
  const answer = signal<RunsAnswer | null>(null)
  const page = signal<Page | null>(null)
  const symptoms = signal<ReadonlyMap<string, Symptom>>(new Map())
  const updated = signal<number | null>(null)
  const failure = signal<string | null>(null)
  const clockLead = signal(0)
  const findingsState = createFindings(api)
  let lastRuns: RunsAnswer | null = null
  let fingerprint = ''
  let running: Promise<void> | null = null

  async function read(force: boolean): Promise<void> {
    // The first time everything is wanted, and at once; a mistake in it is waited for below.
    const first = answer.peek() === null
    const ahead = first ? Promise.all([api.firstPage(FIRST_PAGE_INCIDENTS), api.symptoms()]) : null
    ahead?.catch(() => undefined)
    const runs = await api.runs()
    const [pageAhead, symptomsAhead] = (await ahead) ?? []
    if (pageAhead && symptomsAhead) {
      batch(() => {
        answer.value = runs
        page.value = pageAhead.page
        findingsState.begin(pageAhead.findings, runs.runs)
        symptoms.value = byId(symptomsAhead)
        accept(runs)
      })
    }
    // No new record anywhere means no changed finding either: the large answer is asked for only then.
    const print = runs === lastRuns && !first ? fingerprint : JSON.stringify({ ...runs, now: 0 })
    const changed = force || page.peek() !== null || print !== fingerprint
    const publish = changed ? await findingsState.read(runs.runs, force) : null
    batch(() => {
      if (changed) answer.value = runs
      publish?.()
      page.value = null
      accept(runs)
    })
    fingerprint = print
  }

  function accept(runs: RunsAnswer): void {
    if (runs.now !== undefined && runs !== lastRuns) clockLead.value = runs.now * 1000 - Date.now()
    lastRuns = runs
    updated.value = Date.now()
    failure.value = null
  }

  async function attempt(force: boolean): Promise<void> {
    try {
      await read(force)
    } catch (error) {
      failure.value = explain(error)
    }
  }

  async function refresh({ force } = { force: false }): Promise<void> {
    // One at a time: a slow server is not asked again before it has answered.
    while (running) {
      await running
      if (!force) return
    }
    running = attempt(force)
    await running.finally(() => {
      running = null
    })
  }

  const { findings, parts, entries } = findingsState
  return { answer, page, findings, parts, entries, symptoms, clockLead, updated, failure, refresh }
}

function byId(symptoms: readonly Symptom[]): Map<string, Symptom> {
  return new Map(symptoms.map((symptom) => [symptom.id, symptom]))
}

/** Why a question was not answered, in one sentence. */
export function explain(error: unknown): string {
  if (error instanceof HttpError)
    return `TensorBoard answered: ${error.message.replace(/\.$/, '')}.`
  if (error instanceof SyntaxError) return 'TensorBoard gave an answer that cannot be read.'
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return 'TensorBoard takes more than a minute to answer.'
  }
  return 'TensorBoard does not answer.'
}
