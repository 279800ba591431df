import { expect, it } from 'vitest'
import { literalPattern } from './mute-pattern'

it('means a name alone, whatever it holds', () => {
  expect(literalPattern('dense_1/kernel')).toBe('dense_1/kernel')
  expect(literalPattern('a*[0]?')).toBe('a[*][[]0][?]')
})
