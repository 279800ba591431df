/** What the server told last. It stays when the server goes away. */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, Refusal } from '../api'
import type { Finding, RunsAnswer, Symptom } from '../contract'

export interface ServerState {
  /** Null until the first answer. */
  readonly answer: ReadonlySignal<RunsAnswer | null>
  readonly findings: ReadonlySignal<readonly Finding[]>
  readonly symptoms: ReadonlySignal<ReadonlyMap<string, Symptom>>
  /** How far the server's clock is ahead of the reader's, in milliseconds. */
  readonly clockLead: ReadonlySignal<number>
  /** When the server was last heard, in milliseconds since the epoch. */
  readonly updated: ReadonlySignal<number | null>
  /** Why the last attempt failed, in one sentence; null when it did not. */
  readonly failure: ReadonlySignal<string | null>
  readonly refresh: (options?: { thoroughly: boolean }) => Promise<void>
}

export function createServerState(api: Api): ServerState {
  const answer = signal<RunsAnswer | null>(null)
  const findings = signal<readonly Finding[]>([])
  const symptoms = signal<ReadonlyMap<string, Symptom>>(new Map())
  const updated = signal<number | null>(null)
  const failure = signal<string | null>(null)
  const clockLead = signal(0)
  let heard: RunsAnswer | null = null
  let fingerprint = ''
  let running: Promise<void> | null = null

  async function read(thoroughly: boolean): Promise<void> {
    // The first time everything is wanted, and at once; a mistake in it is waited for below.
    const first = answer.peek() === null
    const ahead = first ? Promise.all([api.findings(), api.symptoms()]) : null
    ahead?.catch(() => undefined)
    const runs = await api.runs()
    const [findingsAhead, symptomsAhead] = (await ahead) ?? []
    // No new record anywhere means no changed finding either: the large answer is asked for only then.
    const print = runs === answer.peek() ? fingerprint : JSON.stringify({ ...runs, now: 0 })
    const changed = thoroughly || print !== fingerprint
    const found = changed ? (findingsAhead ?? (await api.findings())) : findings.value
    const table =
      symptoms.value.size > 0 ? symptoms.value : byId(symptomsAhead ?? (await api.symptoms()))
    batch(() => {
      if (changed) answer.value = runs
      if (runs.now !== undefined && runs !== heard) clockLead.value = runs.now * 1000 - Date.now()
      heard = runs
      findings.value = found
      symptoms.value = table
      updated.value = Date.now()
      failure.value = null
    })
    fingerprint = print
  }

  async function attempt(thoroughly: boolean): Promise<void> {
    try {
      await read(thoroughly)
    } catch (error) {
      failure.value = explain(error)
    }
  }

  async function refresh({ thoroughly } = { thoroughly: false }): Promise<void> {
    // One at a time: a slow server is not asked again before it has answered.
    while (running) {
      await running
      if (!thoroughly) return
    }
    running = attempt(thoroughly)
    await running.finally(() => {
      running = null
    })
  }

  return { answer, findings, symptoms, clockLead, updated, failure, refresh }
}

function byId(symptoms: readonly Symptom[]): Map<string, Symptom> {
  return new Map(symptoms.map((symptom) => [symptom.id, symptom]))
}

/** Why a question was not answered, in one sentence. */
export function explain(error: unknown): string {
  if (error instanceof Refusal) return `TensorBoard answered: ${error.message.replace(/\.$/, '')}.`
  if (error instanceof SyntaxError) return 'TensorBoard gave an answer that cannot be read.'
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return 'TensorBoard takes more than a minute to answer.'
  }
  return 'TensorBoard does not answer.'
}
