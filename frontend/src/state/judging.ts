/** One question to the judge at a time, the last one wins: a server that is busy with one is not given ten more. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, Refusal } from '../api'
import type { Judged } from '../contract'
import { explain } from './server'

export interface Question {
  draft: string
  names: readonly string[]
  /** Another text for other rules or other runs. */
  what: string
  /** Another text also where the same runs have moved on. */
  stamp: string
}

export interface Trial {
  what: string
  judged: Judged
}

export interface Judging {
  /** The last answer, kept while the next one is on its way or the server is away. */
  readonly trial: ReadonlySignal<Trial | null>
  readonly failure: ReadonlySignal<string | null>
}

/** Of the time that judging took, how long a server rests before it judges the same rules over new records. */
const REST = 3

export function createJudging(api: Api, question: ReadonlySignal<Question | null>): Judging {
  const trial = signal<Trial | null>(null)
  const failure = signal<string | null>(null)
  let asking = false
  let last: { what: string; stamp: string; rested: number } | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask({ draft, names, what, stamp }: Question): Promise<void> {
    asking = true
    const begun = Date.now()
    const isStillAsked = () => question.peek()?.what === what
    try {
      const judged = await api.judge({ rules: draft }, names)
      if (isStillAsked()) {
        trial.value = { what, judged }
        failure.value = null
      }
    } catch (error) {
      if (isStillAsked()) failure.value = error instanceof Refusal ? error.message : explain(error)
    }
    const now = Date.now()
    last = { what, stamp, rested: now + REST * (now - begun) }
    asking = false
    next()
  }

  function next(): void {
    clearTimeout(timer)
    const wanted = question.peek()
    if (asking || wanted === null || wanted.stamp === last?.stamp) return
    const rest = wanted.what === last?.what ? last.rested - Date.now() : 0
    if (rest > 0) timer = setTimeout(next, rest)
    else void ask(wanted)
  }

  effect(() => {
    if (question.value === null) {
      last = null
      trial.value = null
      failure.value = null
    }
    next()
  })
  return { trial, failure }
}
