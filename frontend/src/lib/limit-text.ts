/** A limit in words and digits, there and back. */

import type { Limit } from '../contract'

/** Every digit that was set, without a row of zeros before them. */
export function formatLimit(value: number): string {
  const size = Math.abs(value)
  const tiny = size > 0 && size < 1e-3
  return tiny || size >= 1e9 ? value.toExponential().replace('e+', 'e') : String(value)
}

export type Parsed = { value: number } | { problem: string }

/** What somebody typed as the limit's value, or why it cannot be that. */
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

/** "largest_step" as people say it. */
export function words(name: string): string {
  return name.replaceAll('_', ' ')
}

/** What a limit means, with the other limits it names as people say them. */
export function plainMeaning(meaning: string): string {
  return meaning.replace(/`([a-z_]+)`/g, (_, name: string) => `“${words(name)}”`)
}
