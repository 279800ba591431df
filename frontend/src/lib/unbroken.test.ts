import { expect, it } from 'vitest'
import { unbroken } from './unbroken'

it('keeps numbers with their signs, and leaves other spaces', () => {
  expect(unbroken('It is 14 × its spread; 20 % is the limit, of 3 layers × steps.')).toBe(
    'It is 14\u00a0× its spread; 20\u00a0% is the limit, of 3 layers × steps.',
  )
})
