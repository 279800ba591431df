/** Sends one `judge` request at a time; a newer request replaces the waiting one. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, HttpError } from '../api'
import type { Judged } from '../contract'
import { explain } from './server'

export interface JudgeRequest {
  draft: string
  names: readonly string[]
  /** Identifies the rules and runs. */
  key: string
  /** Identifies the rules, the runs and the runs' revisions. */
  revision: string
}

export interface Trial {
  key: string
  judged: Judged
}

export interface Judging {
  /** The last response, kept while the next one is loading or the server is unreachable. */
  readonly trial: ReadonlySignal<Trial | null>
  readonly failure: ReadonlySignal<string | null>
}

/** The pause before the same rules are judged over new records, as a multiple of the time judging took. */
const REST_FACTOR = 3

export function createJudging(api: Api, request: ReadonlySignal<JudgeRequest | null>): Judging {
  const trial = signal<Trial | null>(null)
  const failure = signal<string | null>(null)
  let busy = false
  let last: { key: string; revision: string; restUntil: number } | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function send({ draft, names, key, revision }: JudgeRequest): Promise<void> {
    busy = true
    const begun = Date.now()
    const isCurrent = () => request.peek()?.key === key
    try {
      const judged = await api.judge({ rules: draft }, names)
      if (isCurrent()) {
        trial.value = { key, judged }
        failure.value = null
      }
    } catch (error) {
      if (isCurrent()) failure.value = error instanceof HttpError ? error.message : explain(error)
    }
    const now = Date.now()
    last = { key, revision, restUntil: now + REST_FACTOR * (now - begun) }
    busy = false
    next()
  }

  function next(): void {
    clearTimeout(timer)
    const latest = request.peek()
    if (busy || latest === null || latest.revision === last?.revision) return
    const rest = latest.key === last?.key ? last.restUntil - Date.now() : 0
    if (rest > 0) timer = setTimeout(next, rest)
    else void send(latest)
  }

  effect(() => {
    if (request.value === null) {
      last = null
      trial.value = null
      failure.value = null
    }
    next()
  })
  return { trial, failure }
}
