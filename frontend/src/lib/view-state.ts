/** The state of the view, and the format of each field in the address. */

import { FINDING_STATES, type FindingState, SEVERITIES, type Severity } from '../contract'
import { toggled } from './filter'
import { DEFAULT_SORT, SORT_COLUMNS, type Sort } from './sort'
import { formatRanges, parseRanges, type ValueRanges } from './value-ranges'
import { AXES, type AxisName } from './x-axis'

export const VIEWS = ['overview', 'layers', 'runs', 'rules'] as const
export type ViewName = (typeof VIEWS)[number]

export const PICTURES = ['heatmap', 'network'] as const
export type Picture = (typeof PICTURES)[number]
export const PAINTS = ['findings', 'statistic'] as const
export type Paint = (typeof PAINTS)[number]

export interface FindingKey {
  run: string
  id: string
}

/** A range of steps, both ends included. */
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
  /** The query of the text search over findings. */
  text: string
  /** Whether muted findings are shown. */
  muted: boolean
  /** One row per finding, instead of incidents. */
  flat: boolean
  /** The unfolded incidents, by `incidentKey`. */
  unfolded: readonly string[]
  /** The widths of resized columns in pixels, by name. */
  widths: Readonly<Record<string, number>>
  /** The columns of the table; empty for as many as fit. */
  columns: readonly string[]
  sort: Sort
  opened: FindingKey | null
  /** The horizontal axis of the evidence's charts. */
  axis: AxisName
  /** The statistic of the heatmap as `kind.column`; empty for the first one. */
  statistic: string
  /** The zoomed range of the heatmap. */
  steps: Range | null
  /** Whether blocks of layers are folded into one row; null decides by the number of rows. */
  blocks: boolean | null
  /** The open blocks. */
  openBlocks: readonly string[]
  /** The picture of the view Layers: the heatmap, or the network as a graph. */
  picture: Picture
  /** What colours the network's nodes. */
  paint: Paint
  /** The step at which the network is shown; null for all steps. */
  at: number | null
  /** The incident whose way through the network is marked; empty for the opened or the worst one. */
  incident: string
  /** The compared runs, at most `MAX_COMPARED`. */
  compared: readonly string[]
  /** The sort column of the table of runs, with a leading minus for descending; empty for health. */
  runSort: string
  /** The hyper-parameter that groups the table of runs; empty for none. */
  runGroup: string
  /** The ranges of hyper-parameters that the shown runs lie in. */
  ranges: ValueRanges
  /** The hidden columns of the table of runs, by their ids. */
  hiddenColumns: readonly string[]
  /** The run that all others are compared with. */
  baseline: string | null
  /** The tried rules as the JSON of their document; empty for the rules in force. */
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
  columns: [],
  sort: DEFAULT_SORT,
  opened: null,
  axis: 'step',
  statistic: '',
  steps: null,
  blocks: null,
  openBlocks: [],
  picture: 'heatmap',
  paint: 'findings',
  at: null,
  incident: '',
  compared: [],
  runSort: '',
  runGroup: '',
  ranges: {},
  hiddenColumns: [],
  baseline: null,
  draft: '',
}

/** More small charts than these do not fit on a screen. */
export const MAX_COMPARED = 12

/** The compared runs with one added or removed; where there are too many, the first goes. */
export function withCompared(compared: readonly string[], run: string): string[] {
  return toggled(compared, run).slice(-MAX_COMPARED)
}

/** One field in the address: its name, and its conversion to and from text. */
interface Field<T> {
  name: string
  /** The empty text is not written to the address. */
  format: (value: T) => string
  /** Returns the default for the empty text. */
  parse: (text: string) => T
}

type Fields = { readonly [Name in keyof ViewState]: Field<ViewState[Name]> }

export const FIELDS: Fields = {
  view: one('view', VIEWS, DEFAULT_VIEW.view),
  run: name('run'),
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
  columns: list('columns'),
  sort: { name: 'sort', format: formatSort, parse: parseSort },
  opened: {
    name: 'finding',
    format: (key) => (key ? `${key.id}:${key.run}` : ''),
    parse: parseKey,
  },
  axis: one('axis', AXES, DEFAULT_VIEW.axis),
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
  picture: one('picture', PICTURES, DEFAULT_VIEW.picture),
  paint: one('paint', PAINTS, DEFAULT_VIEW.paint),
  at: {
    name: 'at',
    format: (step) => (step === null ? '' : String(step)),
    parse: (text) => (/^-?\d+$/.test(text) ? Number(text) : null),
  },
  incident: plain('incident'),
  compared: list('compare'),
  runSort: plain('runsort'),
  runGroup: plain('group'),
  ranges: {
    name: 'range',
    format: formatRanges,
    parse: (text) => parseRanges(text, decode),
  },
  hiddenColumns: list('hide'),
  baseline: name('baseline'),
  draft: plain('draft'),
}

function plain(name: string): Field<string> {
  return { name, format: (text) => text, parse: (text) => text }
}

function name(field: string): Field<string | null> {
  return { name: field, format: (value) => value ?? '', parse: (text) => text || null }
}

function one<T extends string>(name: string, all: readonly T[], usual: T): Field<T> {
  return {
    name,
    format: (item) => (item === usual ? '' : item),
    parse: (text) => all.find((item) => item === text) ?? usual,
  }
}

function flag(name: string): Field<boolean> {
  return { name, format: (on) => (on ? '1' : ''), parse: (text) => text === '1' }
}

function known<T extends string>(name: string, all: readonly T[]): Field<readonly T[]> {
  const parse = (text: string) => all.filter((item) => text.split(',').includes(item))
  return { name, format: (items) => items.join(','), parse }
}

/** Names may contain commas, so each is encoded again within the list. */
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
    return text // a hand-written "%": used as it is
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

/** Bounds of a column's width in pixels, also for hand-written addresses. */
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
