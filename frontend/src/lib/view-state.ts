/** What a reader chose, and how each choice is written in an address. */

import { FINDING_STATES, type FindingState, SEVERITIES, type Severity } from '../contract'
import { DEFAULT_SORT, SORT_COLUMNS, type Sort } from './sort'

export const VIEWS = ['overview', 'layers', 'runs', 'rules'] as const
export type ViewName = (typeof VIEWS)[number]

export interface FindingKey {
  run: string
  id: string
}

/** Steps, both included. */
export interface Range {
  from: number
  to: number
}

export interface ViewState {
  view: ViewName
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
  /** What the heatmap of the layers shows, as `kind.column`; empty for the first that there is. */
  statistic: string
  /** The steps that the heatmap is zoomed to. */
  steps: Range | null
  /** One row of the heatmap for a block of layers; null for as many layers as need it. */
  blocks: boolean | null
  /** The blocks that stand open. */
  openBlocks: readonly string[]
  /** The runs that are compared: none, one that waits for another, or two. */
  compared: readonly string[]
  /** What the table of runs is sorted by; a minus before it for the other way round. Empty for health. */
  runSort: string
  /** A rule set that is being tried, as the JSON of its document; empty for the one in force. */
  draft: string
}

export const DEFAULT_VIEW: ViewState = {
  view: 'overview',
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
  statistic: '',
  steps: null,
  blocks: null,
  openBlocks: [],
  compared: [],
  runSort: '',
  draft: '',
}

/** How one choice is written: its name in the address, and its text there and back. */
interface Field<T> {
  name: string
  /** Empty for what is not worth writing. */
  format: (value: T) => string
  /** Of the empty text: the default. */
  parse: (text: string) => T
}

type Fields = { readonly [Name in keyof ViewState]: Field<ViewState[Name]> }

export const FIELDS: Fields = {
  view: {
    name: 'view',
    format: (view) => (view === DEFAULT_VIEW.view ? '' : view),
    parse: (text) => VIEWS.find((view) => view === text) ?? DEFAULT_VIEW.view,
  },
  run: { name: 'run', format: (run) => run ?? '', parse: (text) => text || null },
  runFilter: plain('runs'),
  layerFilter: plain('layers'),
  severities: known('severity', SEVERITIES),
  states: known('state', FINDING_STATES),
  symptoms: list('symptom'),
  kinds: list('kind'),
  text: plain('text'),
  muted: flag('muted'),
  flat: flag('flat'),
  unfolded: list('unfolded'),
  widths: { name: 'widths', format: formatWidths, parse: parseWidths },
  sort: { name: 'sort', format: formatSort, parse: parseSort },
  opened: {
    name: 'finding',
    format: (key) => (key ? `${key.id}:${key.run}` : ''),
    parse: parseKey,
  },
  statistic: plain('statistic'),
  steps: {
    name: 'steps',
    format: (steps) => (steps ? `${steps.from}:${steps.to}` : ''),
    parse: parseSteps,
  },
  blocks: {
    name: 'blocks',
    format: (blocks) => (blocks === null ? '' : blocks ? '1' : '0'),
    parse: (text) => ({ '1': true, '0': false })[text] ?? null,
  },
  openBlocks: list('block'),
  compared: list('compare'),
  runSort: plain('runsort'),
  draft: plain('draft'),
}

function plain(name: string): Field<string> {
  return { name, format: (text) => text, parse: (text) => text }
}

function flag(name: string): Field<boolean> {
  return { name, format: (on) => (on ? '1' : ''), parse: (text) => text === '1' }
}

function known<T extends string>(name: string, all: readonly T[]): Field<readonly T[]> {
  const parse = (text: string) => all.filter((item) => text.split(',').includes(item))
  return { name, format: (items) => items.join(','), parse }
}

/** Names may hold commas: each is encoded once more within the list. */
function list(name: string): Field<readonly string[]> {
  return {
    name,
    format: (items) => items.map(encodeURIComponent).join(','),
    parse: (text) => (text === '' ? [] : text.split(',').map(decode)),
  }
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a hand-written "%": better as it stands than not at all
  }
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

function parseSteps(text: string): Range | null {
  const parts = /^(-?\d+):(-?\d+)$/.exec(text)
  const [from, to] = [Number(parts?.[1]), Number(parts?.[2])]
  return from < to ? { from, to } : null
}

/** Bounds of a column's width in pixels: a hand-written address should not make the table unusable. */
export const MIN_WIDTH = 48
export const MAX_WIDTH = 1200

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
    if (name && known && pixels >= MIN_WIDTH && pixels <= MAX_WIDTH) widths[name] = pixels
  }
  return widths
}
