/**
 * What a reader chose, in the address bar: `#gradhealth&p.gradhealth.run=…`. TensorBoard keeps such
 * `p.<plugin>.` parts when it switches tabs and gives them no other meaning.
 */

import { decode, FIELDS, type ViewState } from './view-state'

export const TAB = 'gradhealth'
const PREFIX = `p.${TAB}.`
const NAMES = Object.keys(FIELDS) as (keyof ViewState)[]

export function parseHash(hash: string): ViewState {
  const parts = new Map(components(hash).flatMap(ownPart))
  const read = NAMES.map((name) => [name, FIELDS[name].parse(parts.get(FIELDS[name].name) ?? '')])
  return Object.fromEntries(read) as ViewState
}

/** The hash with these parts replaced and everybody else's kept. */
export function formatHash(hash: string, view: ViewState): string {
  const own = NAMES.map((name) => written(view, name))
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${PREFIX}${name}=${encodeURIComponent(value)}`)
  const [tab, ...others] = withTab(components(hash))
  const replaced = new Set(NAMES.map((name) => PREFIX + FIELDS[name].name))
  const kept = others.filter((part) => !replaced.has(part.split('=')[0] ?? ''))
  return `#${[tab, ...kept, ...own].join('&')}`
}

/** Which of TensorBoard's tabs a hash shows; on a first load it may name none yet. */
export function tabOf(hash: string): string {
  return components(hash).find((part) => !part.includes('=')) ?? ''
}

export function hasOwnParts(hash: string): boolean {
  return components(hash).some((part) => part.startsWith(PREFIX))
}

function written<Name extends keyof ViewState>(view: ViewState, name: Name): [string, string] {
  return [FIELDS[name].name, FIELDS[name].format(view[name])]
}

function components(hash: string): string[] {
  return hash.replace(/^#/, '').split('&').filter(Boolean)
}

function withTab(parts: string[]): string[] {
  const tab = parts.find((part) => !part.includes('='))
  return [tab ?? TAB, ...parts.filter((part) => part !== tab)]
}

function ownPart(part: string): [string, string][] {
  if (!part.startsWith(PREFIX)) return []
  const equals = part.indexOf('=')
  if (equals < 0) return []
  return [[part.slice(PREFIX.length, equals), decode(part.slice(equals + 1))]]
}
