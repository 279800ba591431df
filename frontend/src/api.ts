/** The HTTP client. Addresses are relative to TensorBoard's `<base>`, so path prefixes work. */

import type {
  EvidenceHeader,
  Finding,
  FirstPage,
  FrameHeader,
  HeatmapHeader,
  Judged,
  MagnitudesHeader,
  RulesAnswer,
  RunsAnswer,
  StepsHeader,
  Symptom,
  SymptomState,
  Tensor,
  Trend,
} from './contract'
import { decodeFrame, type Frame } from './lib/frame'
import type { Range } from './lib/view-state'

export type Evidence = Frame<EvidenceHeader>
export type Series = Frame<FrameHeader>
export type Steps = Frame<StepsHeader>
export type Magnitudes = Frame<MagnitudesHeader>
export type Heatmap = Frame<HeatmapHeader>

/** Identifies a tensor of a run in a request. */
export interface TensorKey {
  run: string
  tensor: string
  kind: string
}

/** The layers that TensorBoard's tab Graphs shows of a run. */
export interface RunGraph {
  run: string
  /** The names of its nodes, such as `model/dense_1`. */
  nodes: readonly string[]
}

/** Rules to try: a document as JSON, or the text of a rule file. */
export type RuleText = { rules: string } | { toml: string }

/** Identifies a heatmap of all tensors of a kind. */
export interface HeatmapKey {
  run: string
  kind: string
  column: string
  /** The maximum number of cells from left to right. */
  width: number
  steps?: Range | null
  /** How several records of a cell are reduced; 'max' by default. */
  reduce?: 'max' | 'mean' | 'min'
}

export interface Api {
  runs(): Promise<RunsAnswer>
  /** Of the named runs; of all runs if none is named. */
  findings(runs: readonly string[]): Promise<Finding[]>
  /** The first incidents, and counts over all of them. */
  firstPage(incidents: number): Promise<FirstPage>
  symptoms(): Promise<Symptom[]>
  evidence(run: string, finding: string): Promise<Evidence>
  trends(run: string, findings: readonly string[]): Promise<Record<string, Trend>>
  tensors(run: string): Promise<Tensor[]>
  series(key: TensorKey, column: string): Promise<Series>
  steps(key: TensorKey): Promise<Steps>
  magnitudes(key: TensorKey, width: number): Promise<Magnitudes>
  heatmap(key: HeatmapKey): Promise<Heatmap>
  states(run: string, tensor: string): Promise<SymptomState[]>
  /** The graph in TensorBoard's tab Graphs of a run or of its sub-run; null without one. */
  graph(run: string): Promise<RunGraph | null>
  rules(): Promise<RulesAnswer>
  /** Over the named runs; over all runs if none is named. */
  judge(text: RuleText, runs: readonly string[]): Promise<Judged>
}

/** The server's answer has an error status. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

// The server's first pass over a large log directory takes a while.
const REQUEST_TIMEOUT_MS = 60_000

export const api: Api = {
  runs: () => json<RunsAnswer>('runs'),
  findings: async (runs) => {
    const named: [string, string][] = runs.map((run) => ['run', run])
    return (await json<{ findings: Finding[] }>('findings', [['trends', '0'], ...named])).findings
  },
  firstPage: (incidents) => json<FirstPage>('findings', { trends: '0', limit: String(incidents) }),
  symptoms: async () => (await json<{ symptoms: Symptom[] }>('symptoms')).symptoms,
  evidence: (run, finding) => frame<EvidenceHeader>('evidence', { run, finding }),
  trends: async (run, findings) => {
    const query: [string, string][] = findings.map((id) => ['finding', id])
    return (await json<{ trends: Record<string, Trend> }>('trends', [['run', run], ...query]))
      .trends
  },
  tensors: async (run) => (await json<{ tensors: Tensor[] }>('tensors', { run })).tensors,
  series: (key, column) => frame<FrameHeader>('series', { ...key, column }),
  steps: (key) => frame<StepsHeader>('steps', { ...key }),
  magnitudes: (key, width) =>
    frame<MagnitudesHeader>('magnitudes', { ...key, width: String(width) }),
  heatmap: ({ run, kind, column, width, steps, reduce }) =>
    frame<HeatmapHeader>('heatmap', {
      run,
      kind,
      column,
      width: String(width),
      ...(steps ? { from: String(steps.from), to: String(steps.to) } : {}),
      ...(reduce ? { reduce } : {}),
    }),
  states: async (run, tensor) =>
    (await json<{ states: SymptomState[] }>('states', { run, tensor })).states,
  graph: async (run) => {
    const runs = await json<GraphInfo>('../graphs/info')
    const own = Object.keys(runs).find((name) => name === run || name.startsWith(`${run}/`))
    const tags = Object.entries(own === undefined ? {} : (runs[own]?.tags ?? {}))
    // The graph of layers, small against a graph of operations.
    const tag = tags.find(([, { conceptual_graph }]) => conceptual_graph)?.[0]
    if (own === undefined || tag === undefined) return null
    const query = { run: own, tag, conceptual: 'true' }
    const text = await get('../graphs/graph', query, (response) => response.text())
    return { run: own, nodes: graphNodes(text) }
  },
  rules: () => json<RulesAnswer>('rules'),
  judge: (text, runs) => {
    const named: [string, string][] = runs.map((run) => ['run', run])
    return json<Judged>('judge', [...Object.entries(text), ['findings', '0'], ...named])
  },
}

/** TensorBoard's own list of graphs. */
type GraphInfo = Record<string, { tags: Record<string, { conceptual_graph: boolean }> }>

/** The names of the nodes of a graph in the text format of protocol buffers. */
function graphNodes(text: string): string[] {
  return [...text.matchAll(/^ {2}name: "([^"]*)"/gm)].map(([, name]) => name ?? '')
}

type Query = Record<string, string> | [string, string][]

function json<T>(route: string, query: Query = {}): Promise<T> {
  return get(route, query, (response) => response.json() as Promise<T>)
}

function frame<Header extends FrameHeader>(route: string, query: Query): Promise<Frame<Header>> {
  return get(route, query, async (response) => decodeFrame<Header>(await response.arrayBuffer()))
}

interface CachedAnswer {
  etag: string
  answer: unknown
}

/** The last answers by path: "304 Not Modified" returns the same object again. */
const cache = new Map<string, CachedAnswer>()
const MAX_CACHED = 24

async function get<T>(
  route: string,
  query: Query,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const parameters = new URLSearchParams(query).toString()
  const path = parameters === '' ? route : `${route}?${parameters}`
  const cached = cache.get(path)
  const response = await fetch(path, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    headers: cached ? { 'If-None-Match': cached.etag } : {},
  })
  if (response.status === 304 && cached) {
    // Moves to the end, so that a slider's many requests do not evict answers that are used all the time.
    store(path, cached.etag, cached.answer)
    return cached.answer as T
  }
  if (!response.ok) throw new HttpError(response.status, await errorText(response))
  const answer = await read(response)
  store(path, response.headers.get('ETag'), answer)
  return answer
}

function store(path: string, etag: string | null, answer: unknown): void {
  cache.delete(path)
  if (etag === null) return
  cache.set(path, { etag, answer })
  const [oldest] = cache.keys()
  if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest)
}

async function errorText(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text)
    if (typeof error === 'string') return error
  } catch {
    // TensorBoard or a proxy answered.
  }
  return `${response.status} ${response.statusText}`.trim()
}
