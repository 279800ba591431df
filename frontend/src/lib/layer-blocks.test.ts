import { expect, it } from 'vitest'
import { blocksOf } from './layer-blocks'

const names = (n: number, name: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => name(i))
const titles = (layers: string[]) => blocksOf(layers).map(({ title }) => title)

it('finds the blocks of a residual network by their names', () => {
  const layers = names(
    160,
    (i) => `conv${1 + Math.floor(i / 80)}_block${1 + Math.floor((i % 80) / 8)}_${i % 8}_conv`,
  )
  expect(titles(layers)).toEqual([
    ...names(10, (i) => `conv1_block${i + 1}`),
    ...names(10, (i) => `conv2_block${i + 1}`),
  ])
})

it('finds those of scopes, not so few that they say nothing', () => {
  const layers = names(
    600,
    (i) => `stage_${Math.floor(i / 200)}/block_${Math.floor(i / 20)}/conv_${i % 20}`,
  )
  expect(titles(layers).slice(0, 2)).toEqual(['stage_0/block_0', 'stage_0/block_1'])
  expect(titles(layers)).toHaveLength(30)
})

it('takes as many layers for each where names tell nothing', () => {
  const blocks = blocksOf(names(300, (i) => `dense_${i}`))
  expect(blocks[0]).toEqual({ key: 'dense_0', title: 'dense_0 – 16', first: 0, count: 17 })
  expect(blocks.reduce((rows, { count }) => rows + count, 0)).toBe(300)
  expect(blocks.length).toBeLessThanOrEqual(28)
})

it('parts nothing that stands apart, and gives each block a key of its own', () => {
  const layers = names(64, (i) => `${i < 32 ? 'a' : 'b'}/x_${i % 4}`).concat(
    names(32, (i) => `a/y_${i % 4}`),
  )
  const blocks = blocksOf(layers)
  expect(new Set(blocks.map(({ key }) => key)).size).toBe(blocks.length)
  let next = 0
  for (const { first, count } of blocks) {
    expect(first).toBe(next)
    next += count
  }
  expect(next).toBe(layers.length)
})

it('puts whole parts of a large network together', () => {
  const layers = Array.from({ length: 400 }, (_, i) =>
    ['norm', 'dense', 'add'].map((part) => `encoder/layer_${i}/${part}`),
  ).flat()
  const blocks = blocksOf(layers)
  expect(blocks.length).toBeLessThanOrEqual(28)
  expect(blocks[0]).toMatchObject({ title: 'encoder/layer_0 – 19', first: 0, count: 60 })
  expect(blocks.every(({ count }) => count % 3 === 0)).toBe(true)
})
