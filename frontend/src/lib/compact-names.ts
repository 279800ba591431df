/** Names without the folders that all of them begin and end with: "sweep/trial_1/train" is "trial_1". */

export function compactNames(names: readonly string[]): string[] {
  if (names.length < 2) return [...names]
  const parts = names.map((name) => name.split('/'))
  const shortest = Math.min(...parts.map(({ length }) => length))
  const same = (at: (part: string[], i: number) => string | undefined) => {
    let n = 0
    while (n < shortest - 1 && parts.every((part) => at(part, n) === at(parts[0] ?? [], n))) n++
    return n
  }
  const before = same((part, i) => part[i])
  const after = Math.min(
    same((part, i) => part.at(-1 - i)),
    shortest - 1 - before,
  )
  return parts.map((part) => part.slice(before, part.length - after).join('/'))
}
