import { expect, it } from 'vitest'
import { compactNames } from './compact-names'

it('leaves out the folders that all names share, at both ends', () => {
  expect(compactNames(['sweep/trial_1/train', 'sweep/trial_2/train'])).toEqual([
    'trial_1',
    'trial_2',
  ])
  expect(compactNames(['a/x', 'b'])).toEqual(['a/x', 'b'])
})

it('never leaves a name empty', () => {
  expect(compactNames(['a/b', 'a/b/c'])).toEqual(['b', 'b/c'])
  expect(compactNames(['same/same', 'same/same'])).toEqual(['same', 'same'])
  expect(compactNames(['alone/train'])).toEqual(['alone/train'])
})
