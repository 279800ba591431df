/** Formats and parses limits. */

import type { Limit } from '../contract'

/** All digits of the value, without a row of leading zeros. */
export function formatLimit(value: number): string {
  const size = Math.abs(value)
  const tiny = size > 0 && size < 1e-3
  return tiny || size >= 1e9 ? value.toExponential().replace('e+', 'e') : String(value)
}

export type Parsed = { value: number } | { problem: string }

/** The value of a typed text, or the reason why it is not a valid value. */
export function parseLimit(text: string, limit: Limit): Parsed {
  const trimmed = text.trim().replace('−', '-')
  const value = Number(trimmed)
  if (trimmed === '' || !Number.isFinite(value)) return { problem: 'Write a number.' }
  if (limit.integer && !Number.isInteger(value)) return { problem: 'Write a whole number.' }
  const { minimum, maximum } = limit
  if (minimum !== null && value < minimum) return { problem: `At least ${formatLimit(minimum)}.` }
  if (maximum !== null && value > maximum) return { problem: `At most ${formatLimit(maximum)}.` }
  return { value }
}

/** "largest_step" as words: "largest step". */
export function words(name: string): string {
  return name.replaceAll('_', ' ')
}

/** The meaning of a limit, with the names of other limits as words. */
export function plainMeaning(meaning: string): string {
  return meaning.replace(/`([a-z_]+)`/g, (_, name: string) => `“${words(name)}”`)
}
