/**
 * What a reader chose, in the address bar: `#gradhealth&p.gradhealth.run=…`. TensorBoard keeps such
 * `p.<plugin>.` parts when it switches tabs and gives them no other meaning.
 */

import { FINDING_STATES, type FindingState, SEVERITIES, type Severity } from '../contract'
import { DEFAULT_SORT, SORT_COLUMNS, type Sort } from './sort'

export interface FindingKey {
  run: string
  id: string
}

export interface ViewState {
  run: string | null
  runFilter: string
  layerFilter: string
  severities: readonly Severity[]
  states: readonly FindingState[]
  sort: Sort
  opened: FindingKey | null
}

export const DEFAULT_VIEW: ViewState = {
  run: null,
  runFilter: '',
  layerFilter: '',
  severities: [],
  states: [],
  sort: DEFAULT_SORT,
  opened: null,
}

export const TAB = 'gradhealth'
const PREFIX = `p.${TAB}.`

export function parseHash(hash: string): ViewState {
  const parts = new Map(components(hash).flatMap(ownPart))
  const text = (name: string) => parts.get(name) ?? ''
  return {
    run: parts.get('run') ?? null,
    runFilter: text('runs'),
    layerFilter: text('layers'),
    severities: known(SEVERITIES, text('severity')),
    states: known(FINDING_STATES, text('state')),
    sort: parseSort(text('sort')),
    opened: parseKey(text('finding')),
  }
}

/** The hash with our parts replaced and everybody else's kept. */
export function formatHash(hash: string, view: ViewState): string {
  const parts: [string, string][] = [
    ['run', view.run ?? ''],
    ['runs', view.runFilter],
    ['layers', view.layerFilter],
    ['severity', view.severities.join(',')],
    ['state', view.states.join(',')],
    ['sort', formatSort(view.sort)],
    ['finding', view.opened ? `${view.opened.id}:${view.opened.run}` : ''],
  ]
  const own = parts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${PREFIX}${name}=${encodeURIComponent(value)}`)
  const [tab, ...others] = withTab(components(hash))
  return `#${[tab, ...others.filter((part) => !part.startsWith(PREFIX)), ...own].join('&')}`
}

/** Which of TensorBoard's tabs a hash shows; on a first load it may name none yet. */
export function tabOf(hash: string): string {
  return components(hash).find((part) => !part.includes('=')) ?? ''
}

export function hasOwnParts(hash: string): boolean {
  return components(hash).some((part) => part.startsWith(PREFIX))
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a hand-written "%": better as it stands than not at all
  }
}

function known<T extends string>(all: readonly T[], text: string): T[] {
  const wanted = text.split(',')
  return all.filter((item) => wanted.includes(item))
}

function parseSort(text: string): Sort {
  const descending = text.startsWith('-')
  const name = descending ? text.slice(1) : text
  const column = SORT_COLUMNS.find((known) => known === name)
  return column ? { column, descending } : DEFAULT_SORT
}

function formatSort({ column, descending }: Sort): string {
  if (column === DEFAULT_SORT.column && descending === DEFAULT_SORT.descending) return ''
  return (descending ? '-' : '') + column
}

function parseKey(text: string): FindingKey | null {
  const colon = text.indexOf(':')
  return colon < 1 ? null : { id: text.slice(0, colon), run: text.slice(colon + 1) }
}
