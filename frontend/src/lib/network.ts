/** The network as a graph: the calls of layers and the inputs as nodes, the origins of their values as links. */

import type { Tensor } from '../contract'

export interface NetworkNode {
  /** The name of the activation, the input or the loss, else of the layer. */
  id: string
  layer: string
  kind: 'layer' | 'input' | 'target' | 'loss'
  shape: readonly number[]
  activation: string
  /** What is between the origins of its values and it, and is not measured. */
  between: string
  /** All tensors of the call and its layer: activation, weights, gradients and updates. */
  tensors: readonly Tensor[]
}

export interface Link {
  from: string
  to: string
  /** Whether values are known to flow along it; else it only gives the order. */
  known: boolean
}

export interface Network {
  /** In forward order, so that links between layers point to later nodes. */
  nodes: readonly NetworkNode[]
  links: readonly Link[]
}

/** Kinds of tensors that are nodes of their own. */
const OWN = { activation: 'layer', input: 'input', target: 'target', loss: 'loss' } as const

export function networkOf(tensors: readonly Tensor[]): Network {
  const nodes = nodesOf(tensors)
  const ids = new Set(nodes.map(({ id }) => id))
  const links: Link[] = []
  for (const node of nodes) {
    const origins = node.tensors.find(isOwn)?.inputs ?? []
    for (const from of new Set(origins)) {
      if (ids.has(from) && from !== node.id) links.push({ from, to: node.id, known: true })
    }
  }
  return { nodes, links: [...links, ...orderLinks(nodes, links)] }
}

function nodesOf(tensors: readonly Tensor[]): NetworkNode[] {
  const byLayer = new Map<string, Tensor[]>()
  for (const tensor of tensors) {
    if (tensor.kind === 'training') continue
    const members = byLayer.get(tensor.layer)
    if (members) members.push(tensor)
    else byLayer.set(tensor.layer, [tensor])
  }
  const nodes = [...byLayer].flatMap(([layer, members]) => {
    const parameters = members.filter((tensor) => !isOwn(tensor))
    const own = members.filter(isOwn)
    // A layer that is called several times has an activation for each call.
    const calls = own.length > 0 ? own : [null]
    return calls.map((call): NetworkNode & { depth: number; place: number } => {
      const kind = call ? OWN[call.kind as keyof typeof OWN] : 'layer'
      return {
        id: call?.tensor ?? layer,
        layer,
        kind,
        shape: call?.shape ?? [],
        activation: (call ?? members[0])?.activation ?? '',
        between: call?.between ?? '',
        tensors: call ? [call, ...parameters] : parameters,
        depth: Math.min(...members.map(({ depth }) => depth)),
        place: PLACES[kind],
      }
    })
  })
  const taken = new Set<string>()
  return nodes
    .sort((a, b) => a.place - b.place || a.depth - b.depth)
    .map(({ depth: _, place: __, ...node }) => {
      // A layer may be called "loss", as the loss is.
      const id = taken.has(node.id) ? `${node.kind} ${node.id}` : node.id
      taken.add(id)
      return { ...node, id }
    })
}

const PLACES = { input: 0, layer: 1, target: 2, loss: 3 } as const

function isOwn({ kind }: Tensor): boolean {
  return kind in OWN
}

/** Links that only give the order: to nodes without known links, and from the outputs to the loss. */
function orderLinks(nodes: readonly NetworkNode[], known: readonly Link[]): Link[] {
  const reached = new Set(known.map(({ to }) => to))
  const left = new Set(known.map(({ from }) => from))
  const layers = nodes.filter(({ kind }) => kind === 'layer')
  const links: Link[] = []
  const add = (from: string, to: string) => links.push({ from, to, known: false })
  layers.forEach(({ id }, i) => {
    const before = layers[i - 1] ?? nodes.find(({ kind }) => kind === 'input')
    if (!reached.has(id) && before) add(before.id, id)
  })
  const loss = nodes.find(({ kind }) => kind === 'loss')
  if (!loss) return links
  const outputs = layers.filter(({ tensors }) => tensors.some(({ output }) => output === true))
  const ends = outputs.length > 0 ? outputs : layers.slice(-1)
  for (const { id } of ends) if (!left.has(id) || outputs.length > 0) add(id, loss.id)
  for (const { id, kind } of nodes) if (kind === 'target') add(id, loss.id)
  return links
}
