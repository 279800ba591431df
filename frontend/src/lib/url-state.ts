/**
 * The view's state in the address bar: `#gradhealth&p.gradhealth.run=…`. TensorBoard keeps
 * `p.<plugin>.` parts when it switches tabs, and does not use them itself.
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

/** The hash with the tab's parts replaced; the parts of other tabs stay. */
export function formatHash(hash: string, view: ViewState): string {
  const own = NAMES.map((name) => written(view, name))
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${PREFIX}${name}=${encodeURIComponent(value)}`)
  const [tab, ...others] = withTab(components(hash))
  const replaced = new Set(NAMES.map((name) => PREFIX + FIELDS[name].name))
  const kept = others.filter((part) => !replaced.has(part.split('=')[0] ?? ''))
  return `#${[tab, ...kept, ...own].join('&')}`
}

/** The TensorBoard tab that a hash shows; empty on a first load. */
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
