/** Text filters as in TensorBoard: unanchored, case-insensitive regular expressions. */

export interface Pattern {
  /** The error of an invalid regular expression, or null. An invalid filter matches everything. */
  readonly error: string | null
  readonly matches: (text: string) => boolean
}

const everything = () => true

export function compilePattern(source: string): Pattern {
  if (source === '') return { error: null, matches: everything }
  try {
    const expression = new RegExp(source, 'iu')
    return { error: null, matches: (text) => expression.test(text) }
  } catch {
    return compileLegacy(source)
  }
}

// The u flag rejects needless escapes such as `\-`, which TensorBoard's filters accept.
function compileLegacy(source: string): Pattern {
  try {
    const expression = new RegExp(source, 'i')
    return { error: null, matches: (text) => expression.test(text) }
  } catch (error) {
    return { error: reason(error), matches: everything }
  }
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^Invalid regular expression: /, '')
}

/** Whether the choice contains the item; an empty choice contains everything. */
export function isSelected<T>(choice: readonly T[], item: T): boolean {
  return choice.length === 0 || choice.includes(item)
}

/** The choice with the item added or removed. */
export function toggled<T>(choice: readonly T[], item: T): T[] {
  return choice.includes(item) ? choice.filter((other) => other !== item) : [...choice, item]
}

export function countBy<T, K extends string>(
  items: readonly T[],
  key: (item: T) => K,
): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

/** Like `Map.groupBy`, which Node 20 and browsers of 2023 lack. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
