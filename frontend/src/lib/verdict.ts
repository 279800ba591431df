/** The answer in one sentence, and a run in one chip. */

import { type Finding, type Run, SEVERITIES, type Severity, type Verdict } from '../contract'
import { count, formatAgo, formatStep, formatValue } from './numbers'

export type Tone = Severity | 'healthy' | 'unknown'

export interface Chip {
  text: string
  tone: Tone
}

export function runChip({ verdict, counts, loading }: Run): Chip {
  // What has not been read yet may be anything.
  if (verdict === 'unknown' && loading?.done === false) return { text: 'reading', tone: 'unknown' }
  if (verdict === 'unknown') return { text: 'no data', tone: 'unknown' }
  if (verdict === 'critical') return { text: 'critical', tone: 'critical' }
  if (verdict === 'warning') return { text: count(counts.warning, 'warning'), tone: 'warning' }
  if (counts.info > 0) return { text: `${counts.info} info`, tone: 'info' }
  return { text: 'healthy', tone: 'healthy' }
}

export interface Sentence {
  text: string
  tone: Tone
  /** The run that the sentence and the small line below it are about, if it is about one. */
  run: Run | null
}

/** What to say first: of the selected run, or else of the worst one. */
export function verdictSentence(
  runs: readonly Run[],
  findings: readonly Finding[],
  selected: string | null,
  title: (symptom: string) => string,
): Sentence {
  const own = runs.find(({ run }) => run === selected) ?? null
  const run = own ?? worstRun(runs, findings)
  if (run === null) return { text: 'No run passes the filter', tone: 'unknown', run: null }
  if (isSick(run)) return sickSentence(run, findings, title)
  if (own || runs.length === 1) return calmSentence(run)
  return { ...allCalmSentence(runs), run: null }
}

/** Of some runs, before it is known which went wrong first. */
export function shareSentence(runs: readonly Run[]): Sentence {
  const sick = runs.filter(isSick)
  const [worst] = [...sick].sort((a, b) => rank(a) - rank(b))
  if (!worst || runs.length === 1) return verdictSentence(runs, [], null, (symptom) => symptom)
  const text = `${sick.length} of ${runs.length} runs ${sick.length === 1 ? 'needs' : 'need'} a look`
  return { text, tone: worst.verdict as Tone, run: null }
}

function sickSentence(
  run: Run,
  findings: readonly Finding[],
  title: (symptom: string) => string,
): Sentence {
  const worst = worstFinding(findings.filter((finding) => finding.run === run.run))
  const tone = run.verdict as Tone
  if (worst === null) return { text: `${nameOf(run)} is not learning healthily`, tone, run }
  const what = lowerFirst(title(worst.symptom))
  const where = worst.tensor === worst.symptom || worst.kind === 'loss' ? '' : ` in ${worst.tensor}`
  const when =
    worst.resolved_step === null
      ? `since step ${formatStep(worst.opened_step)}`
      : `from step ${formatStep(worst.opened_step)} to ${formatStep(worst.resolved_step)}, resolved`
  return { text: `${nameOf(run)}: ${what}${where} ${when}`, tone, run }
}

/** The run at the root of the log directory is called ".", which no sentence should begin with. */
function nameOf({ run }: Run): string {
  return run === '.' ? 'This run' : run
}

function calmSentence(run: Run): Sentence {
  if (run.verdict === 'unknown') {
    return { text: `${nameOf(run)} has recorded nothing yet`, tone: 'unknown', run }
  }
  return { text: `${nameOf(run)} looks healthy`, tone: 'healthy', run }
}

function allCalmSentence(runs: readonly Run[]): Omit<Sentence, 'run'> {
  const silent = runs.filter(({ verdict }) => verdict === 'unknown').length
  if (silent === runs.length) {
    return { text: `None of the ${runs.length} runs has recorded anything yet`, tone: 'unknown' }
  }
  if (silent === 0) return { text: `All ${runs.length} runs look healthy`, tone: 'healthy' }
  const healthy = runs.length - silent
  const look = healthy === 1 ? 'looks' : 'look'
  const text = `${healthy} of ${runs.length} runs ${look} healthy, ${silent} without data yet`
  return { text, tone: 'healthy' }
}

/** The small line below: how far, how the loss moved, what is watched. */
export function runFacts(run: Run, now: number): string[] {
  const facts: string[] = []
  if (run.last_step !== null) facts.push(`step ${formatStep(run.last_step)}`)
  const age = runAge(run, now)
  if (age !== null) facts.push(age)
  const { first, last } = run.loss
  // The contract writes a NaN as null: a loss that began with a number and ends in null has left them.
  if (first !== null) facts.push(`loss ${formatLoss(first)} → ${formatLoss(last)}`)
  if (run.tensors > 0) facts.push(`${count(run.tensors, 'tensor')} watched`)
  if (run.every !== null)
    facts.push(`recorded every ${count(run.every, 'step')}`.replace(' 1 step', ' step'))
  return facts
}

function formatLoss(loss: number | null): string {
  const size = loss === null ? 0 : Math.abs(loss)
  return loss !== null && size >= 0.01 && size < 1000 ? loss.toPrecision(4) : formatValue(loss)
}

export function isSick({ verdict }: Run): boolean {
  return verdict === 'critical' || verdict === 'warning'
}

const VERDICTS: readonly Verdict[] = ['critical', 'warning', 'healthy', 'unknown']

function rank({ verdict }: Run): number {
  return VERDICTS.indexOf(verdict)
}

/** The worst verdict; among equals the run that went wrong first. */
export function worstRun(runs: readonly Run[], findings: readonly Finding[]): Run | null {
  const onset = new Map<string, number>()
  for (const { run, severity, opened_step, muted } of findings) {
    if (severity === 'info' || muted) continue
    onset.set(run, Math.min(opened_step, onset.get(run) ?? Number.POSITIVE_INFINITY))
  }
  const began = (run: Run) => onset.get(run.run) ?? Number.MAX_VALUE
  return [...runs].sort((a, b) => rank(a) - rank(b) || began(a) - began(b))[0] ?? null
}

/** What to name of a run, of what counts: an open one before a resolved one, the worst, the origin, the first. */
export function worstFinding(findings: readonly Finding[]): Finding | null {
  let worst: Finding | null = null
  for (const finding of findings) {
    if (!finding.muted && (worst === null || urgency(finding, worst) < 0)) worst = finding
  }
  return worst
}

function urgency(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    Number(b.state === 'open') - Number(a.state === 'open') ||
    Number(b.origin) - Number(a.origin) ||
    a.opened_step - b.opened_step
  )
}

/** Of a run's findings those that decide on a verdict: over them it is the same as over all. */
export function tellingFindings(findings: readonly Finding[]): Finding[] {
  const worst = worstFinding(findings)
  let first: Finding | null = null
  for (const finding of findings) {
    if (finding.severity === 'info' || finding.muted) continue
    if (first === null || finding.opened_step < first.opened_step) first = finding
  }
  return [worst, first].filter((finding) => finding !== null)
}

/** "Vanishing gradient" within a sentence; "NaN" and "ReLU" keep their capitals. */
export function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}+\b/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

// Twice the time that Keras takes to show signs of life on slow steps; a record comes each few steps.
const LIVE_MS = 60_000

/** Whether something was recorded within the last minute of the server's clock. */
export function isLive({ last_wall_time }: Run, now: number): boolean {
  return last_wall_time !== null && now - last_wall_time * 1000 < LIVE_MS
}

/** "live", or how long ago it last recorded something; null where it never did. */
export function runAge(run: Run, now: number): string | null {
  if (run.last_wall_time === null) return null
  return isLive(run, now) ? 'live' : formatAgo(now - run.last_wall_time * 1000)
}

/** "reading, 45 %" while the server still reads the run's files. */
export function loadingText(loading: Run['loading']): string | null {
  if (!loading || loading.done) return null
  if (!(loading.bytes > 0)) return 'reading'
  return `reading, ${Math.floor((100 * loading.bytes_read) / loading.bytes)} %`
}
