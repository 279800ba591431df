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
  symptoms: readonly string[]
  kinds: readonly string[]
  /** Looked for in all that a finding says. */
  text: string
  /** Whether findings that the rules mute are shown. */
  muted: boolean
  /** One row a finding, instead of incidents. */
  flat: boolean
  /** The incidents that stand open, by `incidentKey`. */
  unfolded: readonly string[]
  /** Widths in pixels of the columns that were resized, by their names. */
  widths: Readonly<Record<string, number>>
  sort: Sort
  opened: FindingKey | null
}

export const DEFAULT_VIEW: ViewState = {
  run: null,
  runFilter: '',
  layerFilter: '',
  severities: [],
  states: [],
  symptoms: [],
  kinds: [],
  text: '',
  muted: false,
  flat: false,
  unfolded: [],
  widths: {},
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
    symptoms: parseList(text('symptom')),
    kinds: parseList(text('kind')),
    text: text('text'),
    muted: text('muted') === '1',
    flat: text('flat') === '1',
    unfolded: parseList(text('unfolded')),
    widths: parseWidths(text('widths')),
    sort: parseSort(text('sort')),
    opened: parseKey(text('finding')),
  }
}

/** The hash with these parts replaced and everybody else's kept, other views' of this tab among them. */
export function formatHash(hash: string, view: ViewState): string {
  const parts: [string, string][] = [
    ['run', view.run ?? ''],
    ['runs', view.runFilter],
    ['layers', view.layerFilter],
    ['severity', view.severities.join(',')],
    ['state', view.states.join(',')],
    ['symptom', formatList(view.symptoms)],
    ['kind', formatList(view.kinds)],
    ['text', view.text],
    ['muted', view.muted ? '1' : ''],
    ['flat', view.flat ? '1' : ''],
    ['unfolded', formatList(view.unfolded)],
    ['widths', formatWidths(view.widths)],
    ['sort', formatSort(view.sort)],
    ['finding', view.opened ? `${view.opened.id}:${view.opened.run}` : ''],
  ]
  const own = parts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${PREFIX}${name}=${encodeURIComponent(value)}`)
  const [tab, ...others] = withTab(components(hash))
  const replaced = new Set(parts.map(([name]) => PREFIX + name))
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

// Names may hold commas: each is encoded once more within the list.
function formatList(items: readonly string[]): string {
  return items.map(encodeURIComponent).join(',')
}

function parseList(text: string): string[] {
  return text === '' ? [] : text.split(',').map(decode)
}

/** Bounds of a column's width in pixels: a hand-written address should not make the table unusable. */
export const LEAST_WIDTH = 48
export const MOST_WIDTH = 1200

function formatWidths(widths: Readonly<Record<string, number>>): string {
  return Object.entries(widths)
    .map(([name, width]) => `${name}:${Math.round(width)}`)
    .join(',')
}

function parseWidths(text: string): Record<string, number> {
  const widths: Record<string, number> = {}
  for (const part of text.split(',')) {
    const [name, width] = part.split(':')
    const pixels = Number(width)
    const known = SORT_COLUMNS.some((column) => column === name)
    if (name && known && pixels >= LEAST_WIDTH && pixels <= MOST_WIDTH) widths[name] = pixels
  }
  return widths
}
