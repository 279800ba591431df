/** How numbers read in the tab: short, in English digits, the same everywhere. */

import type { Unit } from '../contract'

const STEP = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const PLAIN = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

export function formatStep(step: number | null): string {
  return step === null || !Number.isFinite(step) ? '–' : STEP.format(step)
}

/** Three digits at most, unless it is a count; a power of ten where zeros would have to be counted. */
export function formatValue(value: number | null): string {
  if (value === null || Number.isNaN(value)) return 'not finite'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e5) return STEP.format(value)
  if (size >= 0.01 && size < 1e5) return PLAIN.format(value)
  return value
    .toExponential(2)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
}

const SHARE = new Intl.NumberFormat('en-US', { style: 'percent', maximumSignificantDigits: 2 })

/** A measured value beside its limit: "86 / 10", "61 % / 20 %", "z 14 / 8". */
export function formatBesideLimit(
  value: number | null,
  threshold: number | null,
  unit: Unit = '',
): string {
  return [
    formatMeasured(value, unit),
    threshold === null ? '–' : formatMeasured(threshold, unit === 'z' ? '' : unit),
  ].join(' / ')
}

export function formatMeasured(value: number | null, unit: Unit = ''): string {
  if (unit === 'share' && value !== null && Number.isFinite(value)) {
    return SHARE.format(value).replace('%', '\u00a0%')
  }
  return unit === 'z' ? `z\u00a0${formatValue(value)}` : formatValue(value)
}

/** The axis' shape of a number: as short as it can be told. */
export function formatTick(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6) return `${PLAIN.format(value / 1e6)}M`
  if (size >= 1e4) return `${PLAIN.format(value / 1e3)}k`
  return formatValue(value)
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${STEP.format(n)} ${n === 1 ? one : many}`
}

/** "3 s ago", "2 min ago". */
export function formatAgo(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 1) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${STEP.format(Math.floor(seconds / 86_400))} days ago`
}
