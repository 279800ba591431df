import { expect, it } from 'vitest'
import { kindTerm, labelTerm, unitMeaning } from './glossary'

it('explains technical names and replaces those that only experts use', () => {
  expect(labelTerm('robust z').text).not.toMatch(/robust|\bz\b/)
  expect(labelTerm('gradient RMS')).toMatchObject({ text: 'gradient RMS' })
  expect(labelTerm('gradient RMS').meaning).toContain('Root mean square')
  expect(labelTerm('loss').meaning).toBe('')
})

it('says what a finding was measured on', () => {
  expect(kindTerm('activation').text).toBe('output')
  expect(kindTerm('something new')).toEqual({ text: 'something new', meaning: '' })
  expect(unitMeaning('z')).not.toBe('')
  expect(unitMeaning('share')).toBe('')
})
