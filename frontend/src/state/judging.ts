/** One question to the judge at a time, the last one wins: a server that is busy with one is not given ten more. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { type Api, Refusal } from '../api'
import type { Judged } from '../contract'
import { explain } from './server'

export interface Question {
  draft: string
  names: readonly string[]
  /** Another text for whatever could have another answer. */
  stamp: string
}

export interface Trial {
  stamp: string
  judged: Judged
}

export interface Judging {
  readonly trial: ReadonlySignal<Trial | null>
  readonly failure: ReadonlySignal<string | null>
}

export function createJudging(api: Api, question: ReadonlySignal<Question | null>): Judging {
  const trial = signal<Trial | null>(null)
  const failure = signal<string | null>(null)
  let answered = ''
  let asking = false

  async function ask({ draft, names, stamp }: Question): Promise<void> {
    try {
      const judged = await api.judge({ rules: draft }, names)
      if (question.peek()?.stamp !== stamp) return
      trial.value = { stamp, judged }
      failure.value = null
    } catch (error) {
      if (question.peek()?.stamp !== stamp) return
      trial.value = null
      failure.value = error instanceof Refusal ? error.message : explain(error)
    }
  }

  async function keepAsking(): Promise<void> {
    if (asking) return
    asking = true
    for (let next = question.peek(); next !== null && next.stamp !== answered; ) {
      answered = next.stamp
      await ask(next)
      next = question.peek()
    }
    asking = false
  }

  effect(() => {
    if (question.value === null) {
      answered = ''
      trial.value = null
      failure.value = null
    } else void keepAsking()
  })
  return { trial, failure }
}
