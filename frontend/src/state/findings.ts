/**
 * The findings, run by run: only what has moved on is asked for again, and no answer is so large that taking it in
 * would be felt.
 */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Api } from '../api'
import type { Finding, Run } from '../contract'
import { groupBy } from '../lib/filter'
import { createEntryBuilder, type Entry } from '../lib/finding-entries'
import { inOrder } from '../lib/sort'

export interface Findings {
  readonly findings: ReadonlySignal<readonly Finding[]>
  readonly parts: ReadonlySignal<ReadonlyMap<string, readonly Entry[]>>
  readonly entries: ReadonlySignal<readonly Entry[]>
  /** Starts with those of the first page, in its order. */
  readonly begin: (findings: readonly Finding[]) => void
  /** Asks for what has moved on; what it gives shows all of it at once. */
  readonly read: (runs: readonly Run[], thoroughly: boolean) => Promise<() => void>
}

/** Findings and runs that one question asks for: 5,000 are 2 MB of JSON, parsed within a frame. */
const MOST_FINDINGS = 5_000
const MOST_RUNS = 50
const NONE: readonly Entry[] = []

export function createFindings(api: Api): Findings {
  const findings = signal<readonly Finding[]>([])
  const parts = signal<ReadonlyMap<string, readonly Entry[]>>(new Map())
  const entries = signal<readonly Entry[]>([])
  const entryBuilder = createEntryBuilder()
  const stamps = new Map<string, string>()
  const answers = new WeakMap<readonly Finding[], ReadonlyMap<string, readonly Entry[]>>()

  /** By run. The very same answer, which "304 Not Modified" gives again, is entered once. */
  function enter(found: readonly Finding[]): ReadonlyMap<string, readonly Entry[]> {
    const before = answers.get(found)
    if (before) return before
    const runs = groupBy(found, ({ run }) => run)
    const entered = new Map([...runs].map(([run, some]) => [run, entryBuilder.build(some)]))
    answers.set(found, entered)
    return entered
  }

  function begin(some: readonly Finding[]): void {
    const entered = entryBuilder.build(some)
    entryBuilder.updatePositions()
    findings.value = some
    entries.value = entered
  }

  async function read(runs: readonly Run[], thoroughly: boolean): Promise<() => void> {
    const before = parts.peek()
    const next = new Map<string, readonly Entry[]>()
    for (const { run } of runs) next.set(run, before.get(run) ?? NONE)
    const moved = runs.filter(
      (run) => thoroughly || !before.has(run.run) || stamps.get(run.run) !== stamp(run),
    )
    const questions = split(moved)
    for (const some of questions) {
      const all = questions.length === 1 && moved.length === runs.length
      const found = await api.findings(all ? [] : some.map(({ run }) => run))
      const entered = enter(found)
      // Of all runs it may tell of one that began since they were listed.
      for (const run of new Set([...some.map(({ run }) => run), ...entered.keys()])) {
        next.set(run, entered.get(run) ?? NONE)
      }
      await breath(found.length)
    }
    const found = [...next.values()].flat()
    entryBuilder.updatePositions()
    await breath(found.length)
    const sorted = inOrder(found)
    const told = found.map(({ finding }) => finding)
    await breath(found.length)
    return () =>
      batch(() => {
        for (const run of moved) stamps.set(run.run, stamp(run))
        parts.value = next
        findings.value = told
        entries.value = sorted
      })
  }

  return { findings, parts, entries, begin, read }
}

/** Questions of a bearable size. */
function split(runs: readonly Run[]): Run[][] {
  const questions: Run[][] = []
  let room = 0
  for (const run of runs) {
    const { critical, warning, info } = run.counts
    const expected = critical + warning + info
    const last = questions.at(-1)
    if (last && last.length < MOST_RUNS && expected <= room) last.push(run)
    else {
      questions.push([run])
      room = MOST_FINDINGS
    }
    room -= expected
  }
  return questions
}

/** What changes whenever a run's findings do. */
function stamp(run: Run): string {
  return run.revision ?? JSON.stringify(run)
}

/** After work that was felt lets what the reader does come first. */
async function breath(findings: number): Promise<void> {
  if (findings > MOST_FINDINGS / 5) await new Promise((done) => setTimeout(done))
}
