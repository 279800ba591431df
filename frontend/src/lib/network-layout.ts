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

export function placeNetwork({ nodes, links }: Drawn): Placed {
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
