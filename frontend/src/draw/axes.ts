/** The axes of the charts, with few labels. */

import type uPlot from 'uplot'
import type { Unit } from '../contract'
import { formatTick } from '../lib/numbers'
import type { Axis } from '../lib/x-axis'
import type { Tokens } from '../theme/tokens'

const FONT = '11px Roboto, "Helvetica Neue", Arial, sans-serif'

/** Steps, times or epochs, with the name of the axis below. */
export function horizontalAxis(tokens: Tokens, { label, tick, distances }: Axis): uPlot.Axis {
  return {
    ...axis(tokens),
    size: 22,
    space: 60,
    incrs: [...distances],
    label,
    labelSize: 12,
    labelGap: -4,
    labelFont: FONT,
    values: (_, ticks) => ticks.map(tick),
  }
}

export function valuesAxis(tokens: Tokens, unit: Unit = ''): uPlot.Axis {
  // Neighbouring ticks differ, however small their distance is against their size.
  const values = (_: uPlot, ticks: number[]) => {
    const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 0]
    const every = (high - low) / Math.max(1, ticks.length - 1)
    return ticks.map((tick) => formatTick(tick, unit, every))
  }
  return { ...axis(tokens), size: 52, space: 26, values }
}

const MAX_DECADES = 5

/** A few whole powers of ten: uPlot by default also draws 2, 3, 4… of each decade. */
export function decadesAxis(tokens: Tokens, unit: Unit): uPlot.Axis {
  const filter = (_: uPlot, ticks: readonly number[]) => {
    const powers = ticks.map((tick) => Math.round(Math.log10(tick)))
    const every = Math.ceil((Math.max(...powers) - Math.min(...powers)) / MAX_DECADES)
    return ticks.map((tick, i) => (isDecade(tick, powers[i] ?? 0, every) ? tick : null))
  }
  const { grid, ...rest } = axis(tokens)
  return {
    ...rest,
    size: 52,
    grid: { ...grid, filter },
    filter,
    values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : formatTick(tick, unit))),
  }
}

function isDecade(tick: number, power: number, every: number): boolean {
  return Math.abs(tick / 10 ** power - 1) < 1e-6 && (every < 2 || power % every === 0)
}

function axis(tokens: Tokens): uPlot.Axis {
  return {
    stroke: tokens.muted,
    font: FONT,
    gap: 4,
    grid: { stroke: tokens.grid, width: 1 },
    ticks: { show: false },
  }
}
