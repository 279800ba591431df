import { describe, expect, it } from 'vitest'
import type { Tensor } from '../contract'
import { aFinding } from '../testing/samples'
import { networkOf } from './network'
import { findingsOfNodes, isOpenAt, linksOfWay, orderOfWay, wayOf } from './network-findings'
import { drawingKey, foldNetwork, isWithin } from './network-folds'
import { linkPath, NODE, placeNetwork, seenBetween } from './network-layout'
import { isLargeNetwork } from './network-size'
import { nodeValue, rowsOfNodes } from './network-values'

const tensor = (kind: string, name: string, fields: Partial<Tensor> = {}): Tensor => ({
  tensor: name,
  layer: name.split('/kernel')[0] ?? name,
  kind,
  role: kind === 'gradient' ? 'kernel' : 'activation',
  depth: 0,
  shape: [],
  dtype: 'float32',
  activation: '',
  columns: ['rms'],
  magnitudes: false,
  not_measured: '',
  ...fields,
})

/** input → a → add → head, with a link past a. */
const residual = [
  tensor('input', 'input'),
  tensor('gradient', 'a/kernel', { depth: 0 }),
  tensor('activation', 'a', { depth: 0, inputs: ['input'] }),
  tensor('activation', 'add', { depth: 1, inputs: ['a', 'input'] }),
  tensor('activation', 'head', { depth: 2, inputs: ['add'], output: true }),
  tensor('loss', 'loss', { depth: 3 }),
]

const known = (links: readonly { from: string; to: string; known: boolean }[]) =>
  links.filter((link) => link.known).map(({ from, to }) => `${from} > ${to}`)

describe('the graph', () => {
  it('has the recorded origins as links, and the weights with their layer', () => {
    const { nodes, links } = networkOf(residual)
    expect(nodes.map(({ id }) => id)).toEqual(['input', 'a', 'add', 'head', 'loss'])
    expect(nodes[1]?.tensors.map(({ kind }) => kind)).toEqual(['activation', 'gradient'])
    expect(known(links)).toEqual(['input > a', 'a > add', 'input > add', 'add > head'])
    expect(links.filter((link) => !link.known)).toEqual([
      { from: 'head', to: 'loss', known: false },
    ])
  })

  it('has a node for each call of a layer', () => {
    const twice = [
      tensor('activation', 'a', { layer: 'a', inputs: [] }),
      tensor('activation', 'a:2', { layer: 'a', inputs: ['a'] }),
      tensor('gradient', 'a/kernel', { layer: 'a' }),
    ]
    const { nodes, links } = networkOf(twice)
    expect(nodes.map(({ id, tensors }) => [id, tensors.length])).toEqual([
      ['a', 2],
      ['a:2', 2],
    ])
    expect(known(links)).toEqual(['a > a:2'])
  })

  it('only gives the order where no origin is recorded', () => {
    const { links } = networkOf([
      tensor('gradient', 'b/kernel', { depth: 1 }),
      tensor('gradient', 'a/kernel', { depth: 0 }),
    ])
    expect(links).toEqual([{ from: 'a', to: 'b', known: false }])
  })

  it('tells a layer called loss from the loss', () => {
    const { nodes } = networkOf([tensor('activation', 'loss'), tensor('loss', 'loss')])
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length)
  })
})

const stack = (n: number) =>
  Array.from({ length: n }, (_, i) =>
    ['norm', 'dense', 'add'].map((part, j) =>
      tensor('activation', `encoder/layer_${i}/${part}`, {
        depth: 3 * i + j,
        inputs:
          j > 0
            ? [`encoder/layer_${i}/${j === 1 ? 'norm' : 'dense'}`]
            : i > 0
              ? [`encoder/layer_${i - 1}/add`]
              : [],
      }),
    ),
  ).flat()

describe('folding', () => {
  it('folds a large network into few nodes that hold every layer once', () => {
    const tensors = stack(700)
    expect(isLargeNetwork(tensors)).toBe(true)
    const drawn = foldNetwork(networkOf(tensors), true, [])
    expect(drawn.nodes.length).toBeGreaterThanOrEqual(10)
    expect(drawn.nodes.length).toBeLessThan(200)
    const members = drawn.nodes.flatMap(({ members }) => members.map(({ id }) => id))
    expect(new Set(members).size).toBe(2100)
    expect(members).toHaveLength(2100)
    // A chain of blocks.
    expect(known(drawn.links)).toHaveLength(drawn.nodes.length - 1)
  })

  it('opens a block into its own blocks, and closes it', () => {
    const network = networkOf(stack(700))
    const folded = foldNetwork(network, true, [])
    const block = folded.nodes[3]?.block as string
    const opened = foldNetwork(network, true, [block])
    expect(opened.nodes.length).toBeGreaterThan(folded.nodes.length)
    expect(opened.nodes.filter(({ within }) => within === block).length).toBeGreaterThan(1)
    expect(opened.nodes.filter((node) => isWithin(node, block)).length).toBeGreaterThan(1)
    expect(drawingKey(opened)).not.toBe(drawingKey(folded))
    expect(drawingKey(foldNetwork(network, true, []))).toBe(drawingKey(folded))
  })

  it('leaves a small network alone', () => {
    expect(foldNetwork(networkOf(residual), false, []).nodes).toHaveLength(5)
  })
})

describe('the layout', () => {
  const placed = placeNetwork(foldNetwork(networkOf(residual), false, []))

  it('puts every node below those that feed it, and no two above each other', () => {
    for (const { from, to } of placed.links) {
      const [a, b] = [placed.centres.get(from), placed.centres.get(to)]
      expect(a?.y).toBeLessThan(b?.y ?? 0)
    }
    const boxes = [...placed.centres.values()]
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const apart = Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height
        expect(apart).toBe(true)
      }
    })
  })

  it('also places thousands of nodes', () => {
    const drawn = foldNetwork(networkOf(stack(1700)), false, [])
    const large = placeNetwork(drawn)
    expect(large.centres.size).toBe(5100)
    for (const { from, to } of large.links) {
      expect(large.centres.get(from)?.y).toBeLessThan(large.centres.get(to)?.y ?? 0)
    }
    const places = [...large.centres.values()].map(({ x, y }) => `${x} ${y}`)
    expect(new Set(places).size).toBe(5100)
  })

  it('draws only what is near the window', () => {
    expect(seenBetween(placed, 0, 10).nodes).toEqual(new Set(['input']))
    expect(seenBetween(placed, 0, placed.height).nodes.size).toBe(5)
    // The link past `a` is seen where it passes.
    const middle = placed.centres.get('a')?.y ?? 0
    const seen = seenBetween(placed, middle, middle + 1).links
    expect(seen.map(({ to }) => to)).toContain('add')
  })

  it('draws a smooth line', () => {
    expect(
      linkPath([
        { x: 0, y: 0 },
        { x: 0, y: 9 },
      ]),
    ).toBe('M0.0 0.0L0.0 9.0')
    expect(
      linkPath([
        { x: 0, y: 0 },
        { x: 5, y: 5 },
        { x: 0, y: 9 },
      ]),
    ).toBe('M0.0 0.0Q5.0 5.0 0.0 9.0')
  })
})

describe('the way of an incident', () => {
  const drawn = foldNetwork(networkOf(residual), false, [])
  const nan = (fields: Parameters<typeof aFinding>[0]) =>
    aFinding({ symptom: 'non-finite', kind: 'activation', incident: 'i', origin: false, ...fields })
  const findings = [
    nan({ id: '1', tensor: 'add', opened_step: 70, origin: true }),
    nan({ id: '2', tensor: 'head', opened_step: 70 }),
    nan({ id: '3', tensor: 'a/kernel', kind: 'gradient', opened_step: 80 }),
    nan({ id: '4', tensor: 'a', opened_step: 10, incident: 'another', severity: 'info' }),
    nan({ id: '5', tensor: 'input', kind: 'input', opened_step: 5, muted: 'known' }),
  ]
  const found = findingsOfNodes(drawn.nodes, findings)

  it('begins at the origin, and goes on by steps', () => {
    const way = wayOf(found, 'i')
    expect([...way].map(([id, { position, step }]) => [id, position, step])).toEqual([
      ['a', 3, 80],
      ['add', 1, 70],
      ['head', 2, 70],
    ])
    expect(orderOfWay(drawn.nodes, way)).toEqual(['add', 'head', 'a'])
    expect(linksOfWay(drawn, way).map(({ from, to, direction }) => [from, to, direction])).toEqual([
      ['a', 'add', 'backward'],
      ['add', 'head', 'forward'],
    ])
  })

  it('goes forward with values, then back with gradients of the same step', () => {
    const together = [
      nan({ id: '1', tensor: 'a', origin: true, opened_step: 70 }),
      nan({ id: '2', tensor: 'add', opened_step: 75 }),
      nan({ id: '3', tensor: 'head', kind: 'gradient', opened_step: 75 }),
    ]
    const way = wayOf(findingsOfNodes(drawn.nodes, together), 'i')
    expect(orderOfWay([...drawn.nodes], way).slice(0, 2)).toEqual(['a', 'add'])
  })

  it('lists the findings of a node, the worst first, without muted ones', () => {
    expect(found.get('a')?.map(({ id }) => id)).toEqual(['3', '4'])
    expect(found.get('input')).toEqual([])
  })

  it('shows what was open at a step', () => {
    const brief = aFinding({ opened_step: 10, resolved_step: 30 })
    expect([5, 10, 29, 30, null].map((step) => isOpenAt(brief, step))).toEqual([
      false,
      true,
      true,
      false,
      true,
    ])
  })
})

it('paints a node by its main weights, and a block by the mean of its layers', () => {
  const drawn = foldNetwork(networkOf(residual), false, [])
  const row = (tensor: string, role: string) => ({ tensor, layer: 'a', role, depth: 0 })
  const header = { run: 'r', kind: 'gradient', column: 'rms', points: 2, columns: [] }
  const heatmap = {
    header: { ...header, rows: [row('a/kernel', 'kernel'), row('a/bias', 'bias')] },
    columns: new Map([
      ['step', Float64Array.of(0, 10)],
      ['value', Float64Array.of(1, 4, 9, 9)],
    ]),
  }
  const rows = rowsOfNodes(drawn.nodes, heatmap.header.rows)
  expect(rows.get('a')).toEqual([0])
  expect(nodeValue([0], heatmap, 1, true)).toBe(4)
  expect(nodeValue([0, 1], heatmap, 1, true)).toBeCloseTo(6)
  expect(nodeValue(rows.get('head') ?? [], heatmap, 1, true)).toBeNull()
})
