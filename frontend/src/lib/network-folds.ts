/** What is drawn of a network: its nodes, with blocks of layers folded into one. */

import { blocksOf } from './layer-blocks'
import type { Link, Network, NetworkNode } from './network'
import { MOST_LAYERS } from './network-size'

export interface DrawnNode {
  id: string
  title: string
  /** One node, or the nodes of a folded block. */
  members: readonly NetworkNode[]
  /** The block's key, to open it; null for a single node. */
  block: string | null
  /** The open block that the node is a part of, to close it. */
  within: string | null
}

/** Whether some tensor of its layers is measured. */
export function isMeasured({ members }: DrawnNode): boolean {
  return members.some(({ tensors }) => tensors.some(({ not_measured }) => not_measured === ''))
}

export interface Drawn {
  nodes: readonly DrawnNode[]
  links: readonly Link[]
}

/** Names between the keys of a block and of a block within it; no layer's name has it. */
const WITHIN = '\u001f'

export function foldNetwork(
  network: Network,
  folded: boolean,
  openBlocks: readonly string[],
): Drawn {
  const layers = network.nodes.filter(({ kind }) => kind === 'layer')
  const drawn = folded ? unfoldedEnough(layers, openBlocks) : layers.map(single)
  const nodes = [
    ...network.nodes.filter(({ kind }) => kind === 'input').map(single),
    ...drawn,
    ...network.nodes.filter(({ kind }) => kind !== 'input' && kind !== 'layer').map(single),
  ]
  const drawnAs = new Map(nodes.flatMap((node) => node.members.map(({ id }) => [id, node.id])))
  const links = new Map<string, Link>()
  for (const { from, to, known } of network.links) {
    const [a, b] = [drawnAs.get(from), drawnAs.get(to)]
    if (a === undefined || b === undefined || a === b) continue
    const key = JSON.stringify([a, b])
    links.set(key, { from: a, to: b, known: known || links.get(key)?.known === true })
  }
  return { nodes, links: [...links.values()] }
}

/** Whether a node is drawn because the block is open. */
export function isWithin({ within, block }: DrawnNode, opened: string): boolean {
  return within === opened || (block ?? '').startsWith(opened + WITHIN)
}

/** Equal for drawings with the same nodes and links. */
export function drawingKey({ nodes, links }: Drawn): string {
  return JSON.stringify([nodes.map(({ id }) => id), links])
}

function single(node: NetworkNode): DrawnNode {
  return { id: node.id, title: node.id, members: [node], block: null, within: null }
}

/** Fewer nodes do not show the structure. */
const FEWEST_NODES = 10

/** Opens the largest block while there are few nodes; it cannot be folded. */
function unfoldedEnough(
  layers: readonly NetworkNode[],
  openBlocks: readonly string[],
): DrawnNode[] {
  const open = new Set(openBlocks)
  const always = new Set<string>()
  for (;;) {
    const nodes = foldedNodes(layers, new Set([...open, ...always]), null)
    const largest = nodes
      .filter(({ block }) => block !== null)
      .reduce<DrawnNode | null>(
        (best, node) => (best && best.members.length >= node.members.length ? best : node),
        null,
      )
    if (nodes.length >= FEWEST_NODES || largest?.block == null) {
      const within = (key: string | null) => (key !== null && open.has(key) ? key : null)
      return nodes.map((node) => ({ ...node, within: within(node.within) }))
    }
    always.add(largest.block)
  }
}

/** Blocks within an open block are folded too, until few enough nodes are left. */
function foldedNodes(
  nodes: readonly NetworkNode[],
  open: ReadonlySet<string>,
  parent: string | null,
): DrawnNode[] {
  const alone = (node: NetworkNode) => ({ ...single(node), within: parent })
  if (parent !== null && nodes.length <= MOST_LAYERS) return nodes.map(alone)
  const blocks = blocksOf(nodes.map(({ layer }) => layer))
  if (blocks.length < 2) return nodes.map(alone)
  return blocks.flatMap(({ key, title, first, count }) => {
    const members = nodes.slice(first, first + count)
    if (members.length === 1) return members.map(alone)
    const block = parent === null ? key : parent + WITHIN + key
    if (open.has(block)) return foldedNodes(members, open, block)
    return [{ id: `block ${block}`, title, members, block, within: parent }]
  })
}
