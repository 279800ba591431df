/** Ranges of hyper-parameters, as in the address. */

/** The values at both ends, included, as texts; an empty text is an open end. */
export type ValueRange = readonly [from: string, to: string]

/** By the name of a hyper-parameter, or `VERDICT`. */
export type ValueRanges = Readonly<Record<string, ValueRange>>

export function formatRanges(ranges: ValueRanges): string {
  return Object.entries(ranges)
    .map((entry) => entry.flat().map(encodeURIComponent).join(':'))
    .join(',')
}

export function parseRanges(text: string, decode: (text: string) => string): ValueRanges {
  const ranges: Record<string, ValueRange> = {}
  for (const part of text === '' ? [] : text.split(',')) {
    const [name, from, to, ...more] = part.split(':').map(decode)
    if (name === undefined || from === undefined || to === undefined || more.length > 0) continue
    if (from !== '' || to !== '') ranges[name] = [from, to]
  }
  return ranges
}
