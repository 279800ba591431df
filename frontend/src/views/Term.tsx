import type { Term as Explained } from '../lib/glossary'

/** A word with its explanation on hover, where it has one. */
export function Term({ term: { text, meaning } }: { term: Explained }) {
  return meaning === '' ? text : <abbr title={meaning}>{text}</abbr>
}
