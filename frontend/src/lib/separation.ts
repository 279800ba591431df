/** How well one hyper-parameter separates sick runs from healthy ones: the best single split. */

import type { Run } from '../contract'
import { count, formatValue } from './numbers'
import type { Parameter } from './run-matrix'
import { isUnhealthy } from './verdict'

export interface Separation {
  /** Youden's J of the best split: 1 separates all, 0 none. */
  strength: number
  /** The counts on the sick side of the split, as a sentence. */
  text: string
}

/** A weaker split is no more than what chance gives among many hyper-parameters. */
const CLEAR = 0.5
const MIXED = 'Sick and healthy runs are mixed'

interface Group {
  text: string
  value: Parameter
  sick: number
  healthy: number
}

export function separationOf(runs: readonly Run[], name: string): Separation {
  const groups = groupsOf(runs, name)
  const sick = total(groups, 'sick')
  const healthy = total(groups, 'healthy')
  if (sick === 0 || healthy === 0) {
    const what = sick === 0 ? 'No sick run' : 'No healthy run'
    return { strength: 0, text: `${what} to compare` }
  }
  const numeric = groups.every(({ value }) => typeof value === 'number')
  const splits = numeric ? thresholds(groups) : [aboveAverage(groups, sick, healthy)]
  const strengthOf = ({ side }: Split) =>
    total(side, 'sick') / sick - total(side, 'healthy') / healthy
  const best = splits.reduce<Split | null>(
    (best, split) => (best && strengthOf(best) >= strengthOf(split) ? best : split),
    null,
  )
  const strength = best ? Math.max(0, strengthOf(best)) : 0
  if (!best || strength < CLEAR) return { strength, text: MIXED }
  const [inside, other] = [total(best.side, 'sick'), total(best.side, 'healthy')]
  return {
    strength,
    text: `${inside} of ${count(sick, 'sick run')} and ${other} of ${healthy} healthy at ${best.text}`,
  }
}

interface Split {
  text: string
  /** The groups on the side where the sick runs are. */
  side: readonly Group[]
}

function groupsOf(runs: readonly Run[], name: string): Group[] {
  const groups = new Map<string, Group>()
  for (const run of runs) {
    const value = run.hparams?.[name]
    if (value === undefined || value === null) continue
    const ill = isUnhealthy(run)
    // A run that is too young to be judged is on no side.
    if (!ill && run.verdict !== 'healthy') continue
    const text = String(value)
    const group = groups.get(text) ?? { text, value, sick: 0, healthy: 0 }
    group[ill ? 'sick' : 'healthy']++
    groups.set(text, group)
  }
  return [...groups.values()]
}

function thresholds(groups: readonly Group[]): Split[] {
  const sorted = [...groups].sort((a, b) => Number(a.value) - Number(b.value))
  return sorted.slice(1).flatMap((group, i) => {
    const before = sorted[i]?.value as number
    return [
      {
        text: `≥ ${shortest(group.value as number, (x) => x > before)}`,
        side: sorted.slice(i + 1),
      },
      {
        text: `≤ ${shortest(before, (x) => x < (group.value as number))}`,
        side: sorted.slice(0, i + 1),
      },
    ]
  })
}

/** The number with the fewest digits that splits the runs as the value does: no rounding makes it untrue. */
function shortest(value: number, splits: (x: number) => boolean): string {
  // At the value itself or on its far side.
  const towards = splits(Number.NEGATIVE_INFINITY) ? Math.ceil : Math.floor
  for (let digits = 1; digits <= 3 && value !== 0; digits++) {
    const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) + 1 - digits)
    const rounded = Number((towards(value / unit) * unit).toPrecision(digits))
    const includes = towards === Math.ceil ? rounded >= value : rounded <= value
    if (includes && splits(rounded)) return formatValue(rounded)
  }
  return value === 0 ? '0' : String(value)
}

function aboveAverage(groups: readonly Group[], sick: number, healthy: number): Split {
  const average = sick / (sick + healthy)
  const side = groups.filter((group) => group.sick / (group.sick + group.healthy) > average)
  return { text: side.map(({ text }) => text).join(', '), side }
}

function total(groups: readonly Group[], what: 'sick' | 'healthy'): number {
  return groups.reduce((sum, group) => sum + group[what], 0)
}
