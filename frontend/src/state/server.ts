/** The last data from the server. It stays when the server is unreachable. */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, HttpError } from '../api'
import type { Finding, Page, RunsAnswer, Symptom } from '../contract'
import type { Entry } from '../lib/finding-entries'
import { createFindings } from './findings'

export interface ServerState {
  /** Null until the first answer. */
  readonly answer: ReadonlySignal<RunsAnswer | null>
  /** Counts over all findings while only the first incidents are loaded; null when all are. */
  readonly page: ReadonlySignal<Page | null>
  readonly findings: ReadonlySignal<readonly Finding[]>
  /** The entries by run; the array of an unchanged run is the same object. */
  readonly parts: ReadonlySignal<ReadonlyMap<string, readonly Entry[]>>
  /** The entries in the server's order. */
  readonly entries: ReadonlySignal<readonly Entry[]>
  readonly symptoms: ReadonlySignal<ReadonlyMap<string, Symptom>>
  /** The server's clock minus the browser's, in milliseconds. */
  readonly clockLead: ReadonlySignal<number>
  /** The time of the last response, in milliseconds since the epoch. */
  readonly updated: ReadonlySignal<number | null>
  /** Why the last request failed, in one sentence; null if it succeeded. */
  readonly failure: ReadonlySignal<string | null>
  readonly refresh: (options?: { force: boolean }) => Promise<void>
}

/** The number of incidents of the first page: more than fit on a screen. */
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
    // The first time, all requests are sent at once; errors are handled where they are awaited.
    const first = answer.peek() === null
    const ahead = first ? Promise.all([api.firstPage(FIRST_PAGE_INCIDENTS), api.symptoms()]) : null
    ahead?.catch(() => undefined)
    const runs = await api.runs()
    const [pageAhead, symptomsAhead] = (await ahead) ?? []
    if (pageAhead && symptomsAhead) {
      batch(() => {
        answer.value = runs
        page.value = pageAhead.page
        findingsState.begin(pageAhead.findings)
        symptoms.value = byId(symptomsAhead)
        accept(runs)
      })
    }
    // Without a new record no finding has changed, and the large response is not requested.
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
    // One refresh at a time.
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

/** The error of a request as a sentence. */
export function explain(error: unknown): string {
  if (error instanceof HttpError)
    return `TensorBoard answered: ${error.message.replace(/\.$/, '')}.`
  if (error instanceof SyntaxError) return 'TensorBoard gave an answer that cannot be read.'
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return 'TensorBoard takes more than a minute to answer.'
  }
  return 'TensorBoard does not answer.'
}
