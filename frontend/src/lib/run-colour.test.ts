import { expect, it } from 'vitest'
import { assignColours, COLOURS, LOOKS, styleOf } from './run-colour'

const names = ['mlp', 'rnn', 'cnn', 'bn']
const many = (n: number) => Array.from({ length: n }, (_, i) => `run_${i}`)

it('is the same on every load', () => {
  const reversed = [...names].reverse()
  expect(assignColours(new Map(), reversed)).toEqual(assignColours(new Map(), names))
})

it('gives different colours while there are colours left', () => {
  const styles = [...assignColours(new Map(), many(COLOURS)).values()].map(styleOf)
  expect(new Set(styles.map(({ colour }) => colour)).size).toBe(COLOURS)
  expect(new Set(styles.map(({ shape }) => shape))).toEqual(new Set(['square']))
})

it('tells fifty runs apart by colour, marker and dash', () => {
  const styles = [...assignColours(new Map(), many(50)).values()].map(styleOf)
  expect(new Set(styles.map(({ colour, shape }) => `${colour} ${shape}`)).size).toBe(50)
  expect(new Set(styles.map(({ colour, dash }) => `${colour} ${dash}`)).size).toBe(50)
})

it('repeats looks only when all are used', () => {
  const slots = [...assignColours(new Map(), many(COLOURS * LOOKS.length + 3)).values()]
  expect(new Set(slots).size).toBe(COLOURS * LOOKS.length)
})

it('stays when other runs come', () => {
  const before = assignColours(new Map(), names)
  const after = assignColours(before, ['a_new_one', ...names, 'z', 'y', 'x', 'w', 'v'])
  for (const name of names) expect(after.get(name)).toBe(before.get(name))
  expect(after.size).toBe(10)
})
