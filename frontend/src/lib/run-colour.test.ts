import { expect, it } from 'vitest'
import { assignColours, COLOURS } from './run-colour'

const names = ['mlp', 'rnn', 'cnn', 'bn']

it('is the same on every load', () => {
  const reversed = [...names].reverse()
  expect(assignColours(new Map(), reversed)).toEqual(assignColours(new Map(), names))
})

it('differs between runs while there are colours left', () => {
  const many = Array.from({ length: COLOURS }, (_, i) => `run_${i}`)
  expect(new Set(assignColours(new Map(), many).values()).size).toBe(COLOURS)
})

it('stays when other runs come', () => {
  const before = assignColours(new Map(), names)
  const after = assignColours(before, ['a_new_one', ...names, 'z', 'y', 'x', 'w', 'v'])
  for (const name of names) expect(after.get(name)).toBe(before.get(name))
  expect(after.size).toBe(10)
})
