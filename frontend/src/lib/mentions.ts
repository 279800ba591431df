/** Symptoms that a text mentions, so that "look for exploding gradients" leads to them. */

import type { Symptom } from '../contract'

export interface Part {
  text: string
  /** The mentioned symptom's id, or null for plain text. */
  symptom: string | null
}

/** The text in parts; titles count in any case and in the plural, ids as they are. */
export function mentionParts(text: string, symptoms: Iterable<Symptom>): Part[] {
  const names = new Map<string, string>()
  for (const { id, title } of symptoms) {
    names.set(id, id)
    names.set(title.toLowerCase(), id)
  }
  if (names.size === 0) return [{ text, symptom: null }]
  const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length).map(escaped)
  const pattern = new RegExp(`\\b(${longestFirst.join('|')})s?\\b`, 'gi')
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), symptom: null })
    const symptom = names.get((match[1] ?? '').toLowerCase()) ?? null
    parts.push({ text: match[0], symptom })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ text: text.slice(end), symptom: null })
  return parts
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
