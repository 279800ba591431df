/** Places the nodes of a drawn network in layers, by dagre; inputs are on top. */

import { Graph, layout } from '@dagrejs/dagre'
import type { Drawn } from './network-folds'

export const NODE = { width: 232, height: 44 }

export interface Point {
  x: number
  y: number
}

export interface PlacedLink {
  from: string
  to: string
  known: boolean
  points: readonly Point[]
}

export interface Placed {
  /** The centre of each node, by id. */
  centres: ReadonlyMap<string, Point>
  links: readonly PlacedLink[]
  width: number
  height: number
}

/** Dagre takes half a second for more nodes, and its recursion ends the stack at some thousand. */
const MOST_FOR_DAGRE = 500

export function placeNetwork(drawn: Drawn): Placed {
  return drawn.nodes.length > MOST_FOR_DAGRE ? placeInRows(drawn) : placeByDagre(drawn)
}

function placeByDagre({ nodes, links }: Drawn): Placed {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 18, edgesep: 12, ranksep: 26, marginx: 8, marginy: 8 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of nodes) graph.setNode(id, { ...NODE })
  for (const { from, to } of links) graph.setEdge(from, to)
  layout(graph)
  const centres = new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as Point
      return [id, { x, y }]
    }),
  )
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return {
    centres,
    links: links.map((link) => ({
      ...link,
      points: (graph.edge(link.from, link.to) as { points: Point[] }).points,
    })),
    width,
    height,
  }
}

const GAP = 26
const MARGIN = 8

/** Each node a row below the last one that feeds it; takes linear time. */
function placeInRows({ nodes, links }: Drawn): Placed {
  const rows = new Map(nodes.map(({ id }) => [id, 0]))
  const order = new Map(nodes.map(({ id }, i) => [id, i]))
  const place = (id: string) => order.get(id) ?? 0
  const forward = links
    .filter(({ from, to }) => place(from) < place(to))
    .sort((a, b) => place(a.to) - place(b.to))
  for (const { from, to } of forward) {
    rows.set(to, Math.max(rows.get(to) ?? 0, (rows.get(from) ?? 0) + 1))
  }
  const filled: number[] = []
  const centres = new Map(
    nodes.map(({ id }) => {
      const row = rows.get(id) ?? 0
      const column = filled[row] ?? 0
      filled[row] = column + 1
      const x = MARGIN + column * (NODE.width + GAP) + NODE.width / 2
      return [id, { x, y: MARGIN + row * (NODE.height + GAP) + NODE.height / 2 }]
    }),
  )
  const columns = filled.reduce((most, n) => Math.max(most, n), 1)
  const half = NODE.height / 2
  const placed = links.map((link) => {
    const [a, b] = [centres.get(link.from) as Point, centres.get(link.to) as Point]
    const far = (rows.get(link.to) ?? 0) - (rows.get(link.from) ?? 0) > 1
    // A link past other rows bends around the nodes between.
    const aside = { x: Math.max(a.x, b.x) + NODE.width + GAP, y: (a.y + b.y) / 2 }
    const [from, to] = [
      { x: a.x, y: a.y + half },
      { x: b.x, y: b.y - half },
    ]
    return { ...link, points: far ? [from, aside, to] : [from, to] }
  })
  return {
    centres,
    links: placed,
    width: 2 * MARGIN + columns * (NODE.width + GAP) + GAP,
    height: 2 * MARGIN + filled.length * (NODE.height + GAP) - GAP,
  }
}

/** A smooth line through the points of a link. */
export function linkPath(points: readonly Point[]): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (!first || !last) return ''
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`
  if (rest.length === 1) return `M${at(first)}L${at(last)}`
  let path = `M${at(first)}`
  rest.slice(0, -1).forEach((point, i) => {
    const next = rest[i + 1] as Point
    const end = i === rest.length - 2 ? next : middle(point, next)
    path += `Q${at(point)} ${at(end)}`
  })
  return path
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}

/** The nodes and links that are at least partly within a range of heights. */
export function seenBetween({ centres, links }: Placed, top: number, bottom: number) {
  const half = NODE.height / 2
  const nodes = new Set<string>()
  for (const [id, { y }] of centres) if (y + half >= top && y - half <= bottom) nodes.add(id)
  const seen = links.filter(({ points }) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { y } of points) {
      low = Math.min(low, y)
      high = Math.max(high, y)
    }
    return high >= top && low <= bottom
  })
  return { nodes, links: seen }
}
