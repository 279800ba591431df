/** The verdict as a sentence, and a run's state as a chip. */

import type { Loss, Run, Severity, Verdict } from '../contract'
import { count, formatAgo, formatStep, formatValue } from './numbers'

export type Tone = Severity | 'healthy' | 'unknown'

export interface Chip {
  text: string
  tone: Tone
}

export function runChip(run: Run): Chip {
  const { verdict, counts } = run
  if (isUnread(run)) return { text: 'reading', tone: 'unknown' }
  if (verdict === 'unknown') return { text: 'no data', tone: 'unknown' }
  if (verdict === 'too early') return { text: 'too early', tone: 'unknown' }
  if (verdict === 'critical') return { text: 'critical', tone: 'critical' }
  if (verdict === 'warning') return { text: count(counts.warning, 'warning'), tone: 'warning' }
  if (counts.info > 0) return { text: `${counts.info} info`, tone: 'info' }
  return { text: 'healthy', tone: 'healthy' }
}

/** Whether nothing of the run has been read yet. */
function isUnread({ verdict, loading }: Run): boolean {
  return verdict === 'unknown' && loading?.done === false
}

/** The text beside a run's chip: the records still needed, and what the verdict does not take into account. */
export function runReservation({ verdict, enough, reservation }: Run): string {
  const early =
    verdict === 'too early' ? `${enough.records} of ${count(enough.wanted, 'record')}` : ''
  return [early, reservation].filter(Boolean).join(', ')
}

export interface Sentence {
  text: string
  tone: Tone
  /** The run that the sentence and the facts below it are about, or null. */
  run: Run | null
}

/** The sentence of the selected run, else of the first unhealthy run, else of all runs. */
export function verdictSentence(runs: readonly Run[], selected: string | null): Sentence {
  const own = runs.find(({ run }) => run === selected)
  const run = own ?? firstRun(runs)
  if (!run) return { text: 'No run passes the filter', tone: 'unknown', run: null }
  if (own || runs.length === 1 || isUnhealthy(run)) return headline(run)
  return { ...summarySentence(runs), run: null }
}

/** "5 of 6 runs are sick"; null for a single run, or where none is. */
export function sickSentence(runs: readonly Run[]): string | null {
  const sick = runs.filter(isUnhealthy).length
  if (runs.length < 2 || sick === 0) return null
  if (sick === runs.length) return `All ${sick} runs are sick`
  return `${sick} of ${runs.length} runs ${sick === 1 ? 'is' : 'are'} sick`
}

const VERDICTS: readonly Verdict[] = ['critical', 'warning', 'healthy', 'too early', 'unknown']

/** The number of runs of each verdict: "4 critical", "1 healthy". */
export function verdictCounts(runs: readonly Run[]): Chip[] {
  return VERDICTS.flatMap((verdict) => {
    const n = runs.filter((run) => run.verdict === verdict).length
    if (n === 0) return []
    const tone = verdict === 'too early' ? 'unknown' : verdict
    return [{ text: `${n} ${verdict === 'unknown' ? 'without data' : verdict}`, tone }]
  })
}

/** The run with the server's lowest rank. */
export function firstRun(runs: readonly Run[]): Run | null {
  return runs.reduce<Run | null>(
    (first, run) => (first && first.rank <= run.rank ? first : run),
    null,
  )
}

function headline(run: Run): Sentence {
  const sentence = isUnread(run) ? 'Not read yet.' : run.headline
  return { text: `${nameOf(run)}: ${sentence}`, tone: toneOf(run), run }
}

/** The name at the start of a sentence; the run at the root of the log directory is called ".". */
function nameOf({ run }: Run): string {
  return run === '.' ? 'This run' : run
}

function toneOf({ verdict }: Run): Tone {
  return verdict === 'too early' ? 'unknown' : verdict
}

/** The sentence for several runs without an unhealthy one: the numbers of healthy and of undecided runs. */
function summarySentence(runs: readonly Run[]): Omit<Sentence, 'run'> {
  const n = runs.length
  const of = (verdict: Verdict) => runs.filter((run) => run.verdict === verdict).length
  const [healthy, early, unknown] = [of('healthy'), of('too early'), of('unknown')]
  if (healthy === 0) {
    const who = early === n ? `all ${n}` : `${early} of ${n}`
    const text =
      early === 0
        ? `None of the ${n} runs has recorded anything yet`
        : `Too early to say of ${who} runs`
    return {
      text: text + (early > 0 ? without(unknown) : '') + reservations(runs),
      tone: 'unknown',
    }
  }
  const who =
    healthy === n
      ? `All ${n} runs look`
      : `${healthy} of ${n} runs ${healthy === 1 ? 'looks' : 'look'}`
  const others = early > 0 ? `, too early to say of ${early}` : ''
  return {
    text: `${who} healthy${others}${without(unknown)}${reservations(runs)}`,
    tone: 'healthy',
  }
}

function without(unknown: number): string {
  return unknown > 0 ? `, ${unknown} without data yet` : ''
}

/** The reservation that all runs share, or the number of runs with one. */
function reservations(runs: readonly Run[]): string {
  const reserved = runs.filter(({ reservation }) => reservation !== '')
  const [first] = reserved
  if (!first) return ''
  const same = runs.every(({ reservation }) => reservation === first.reservation)
  return `; ${same ? first.reservation : `${reserved.length} with reservations`}`
}

/** The line of facts: last step, loss, tensors, interval. */
export function runFacts(run: Run, now: number): string[] {
  const facts: string[] = []
  if (run.last_step !== null) facts.push(`step ${formatStep(run.last_step)}`)
  const age = runAge(run, now)
  if (age !== null) facts.push(age)
  const loss = lossText(run.loss)
  if (loss !== null) facts.push(`loss ${loss}`)
  if (run.tensors > 0) facts.push(`${count(run.tensors, 'tensor')} watched`)
  if (run.every !== null)
    facts.push(`recorded every ${count(run.every, 'step')}`.replace(' 1 step', ' step'))
  // The headline of a healthy run contains it already.
  if (run.reservation !== '' && !run.headline.includes(run.reservation)) facts.push(run.reservation)
  return facts
}

/** The change of the loss: "2.310 → 2.300", "3.374 → NaN since 343"; null if none was recorded. */
export function lossText(
  { first, last, non_finite_since }: Loss,
  format: (loss: number | null) => string = formatLoss,
): string | null {
  const since = non_finite_since === null ? null : `NaN since ${formatStep(non_finite_since)}`
  if (first === null) return since
  return `${format(first)} → ${since ?? format(last)}`
}

function formatLoss(loss: number | null): string {
  const size = loss === null ? 0 : Math.abs(loss)
  return loss !== null && size >= 0.01 && size < 1000 ? loss.toPrecision(4) : formatValue(loss)
}

export function isUnhealthy({ verdict }: Run): boolean {
  return verdict === 'critical' || verdict === 'warning'
}

/** Lower-cases "Vanishing gradient" for use within a sentence; "NaN" and "ReLU" stay. */
export function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}+\b/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

// A record comes every few steps; slow steps take up to half a minute.
const LIVE_MS = 60_000

/** Whether the last record is less than a minute old by the server's clock. */
export function isLive({ last_wall_time }: Run, now: number): boolean {
  return last_wall_time !== null && now - last_wall_time * 1000 < LIVE_MS
}

/** "live", or the age of the last record; null without records. */
export function runAge(run: Run, now: number): string | null {
  if (run.last_wall_time === null) return null
  return isLive(run, now) ? 'live' : formatAgo(now - run.last_wall_time * 1000)
}

/** "reading, 45 %" while the server reads the run's files; else null. */
export function loadingText(loading: Run['loading']): string | null {
  if (!loading || loading.done) return null
  if (!(loading.bytes > 0)) return 'reading'
  return `reading, ${Math.floor((100 * loading.bytes_read) / loading.bytes)}\u00a0%`
}
