/** The number formats of the tab. */

import type { Unit } from '../contract'

const STEP = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const PLAIN = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
/** A no-break space between a number and its unit. */
const SPACE = '\u00a0'

export function formatStep(step: number | null): string {
  return step === null || !Number.isFinite(step) ? '–' : STEP.format(step)
}

/** At most three significant digits, except for counts; scientific notation for very large and small values. */
export function formatValue(value: number | null): string {
  if (value === null || Number.isNaN(value)) return 'not finite'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e5) return STEP.format(unsignedZero(value))
  if (size >= 0.01 && size < 1e5) return PLAIN.format(value)
  return value
    .toExponential(2)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
}

/** The singular of countable units. */
const COUNTED: Partial<Record<Unit, string>> = {
  elements: 'element',
  steps: 'step',
  variables: 'variable',
}

/** Distances from normal, as multiples of how far a value usually lies from it. */
const SPREAD = `×${SPACE}spread`

/** Units that are written once for a value and its limit. */
const SHARED: Partial<Record<Unit, string>> = {
  elements: 'elements',
  steps: 'steps',
  variables: 'variables',
  z: SPREAD,
}

/** A measured value beside its limit: "86 × / 10 ×", "61 % / 20 %", "14 / 8 × spread", "64 / 0 elements". */
export function formatBesideLimit(
  value: number | null,
  threshold: number | null,
  unit: Unit = '',
): string {
  const shared = threshold === null ? undefined : SHARED[unit]
  const own = shared === undefined ? unit : ''
  const pair = `${formatMeasured(value, own)} / ${threshold === null ? '–' : formatMeasured(threshold, own)}`
  return shared === undefined ? pair : `${pair}${SPACE}${shared}`
}

/** A number with its unit: "61 %", "14 × spread", "86 ×", "64 elements"; a non-finite number has no unit. */
export function formatMeasured(value: number | null, unit: Unit = ''): string {
  const plain = formatValue(value)
  if (value === null || !Number.isFinite(value)) return plain
  if (unit === 'share') return formatShare(value)
  if (unit === 'z') return `${plain}${SPACE}${SPREAD}`
  if (unit === 'times') return `${plain}${SPACE}×`
  const one = COUNTED[unit]
  return one === undefined ? plain : `${plain}${SPACE}${value === 1 ? one : unit}`
}

const TWO_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 })

/** Whole percents from 10 % on; never rounded up to "100 %", nor written with a row of zeros. */
function formatShare(share: number): string {
  const hundredths = 100 * share
  if (hundredths >= 99.5 && hundredths < 100) return `over${SPACE}99${SPACE}%`
  if (hundredths > 0 && hundredths < 0.01) return `<${SPACE}0.01${SPACE}%`
  const digits = Math.abs(hundredths) < 10 ? TWO_DIGITS : STEP
  return `${digits.format(unsignedZero(hundredths))}${SPACE}%`
}

/** Replaces -0 by 0. */
function unsignedZero(value: number): number {
  return value === 0 ? 0 : value
}

/** The label of an axis tick, with as many digits as the distance between ticks needs; a share is in percent. */
export function formatTick(value: number, unit: Unit, distance = 0): string {
  if (unit === 'share') {
    return `${formatApart(roundedHundredths(value), 100 * distance)}${SPACE}%`
  }
  const plain = formatApart(value, distance)
  return unit === 'times' ? `${plain}${SPACE}×` : plain
}

/** Three digits, or as many as make numbers at that distance differ. */
function formatApart(value: number, distance: number): string {
  const size = Math.abs(value)
  const plain = size >= 0.01 && size < 1e5
  if (!plain || !(distance > 0) || distance > size / 100) return formatValue(value)
  const digits = Math.min(10, Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9)))
  return value.toFixed(digits)
}

/** 57 for 0.57, although 100 * 0.57 is 56.99999999999999. */
function roundedHundredths(share: number): number {
  return Number((100 * share).toPrecision(12))
}

/** The short label of a step at an axis. */
export function formatStepTick(value: number): string {
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
  if (seconds < 60) return `${seconds}${SPACE}s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${SPACE}min ago`
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)}${SPACE}h ago`
  return `${STEP.format(Math.floor(seconds / 86_400))}${SPACE}days ago`
}
