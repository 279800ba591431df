import { expect, it } from 'vitest'
import { VANISHING } from '../testing/samples'
import { mentionParts } from './mentions'

const dead = { ...VANISHING, id: 'dead-units', title: 'Dead units' }
const symptoms = [VANISHING, dead]

it('finds symptoms by their title, in any case and in the plural, and by their id', () => {
  const text = 'Look for vanishing gradients and dead units, or a vanishing-gradient finding.'
  expect(mentionParts(text, symptoms)).toEqual([
    { text: 'Look for ', symptom: null },
    { text: 'vanishing gradients', symptom: 'vanishing-gradient' },
    { text: ' and ', symptom: null },
    { text: 'dead units', symptom: 'dead-units' },
    { text: ', or a ', symptom: null },
    { text: 'vanishing-gradient', symptom: 'vanishing-gradient' },
    { text: ' finding.', symptom: null },
  ])
})

it('leaves other texts whole, and finds no name within a word', () => {
  expect(mentionParts('Undead unitsX', symptoms)).toEqual([
    { text: 'Undead unitsX', symptom: null },
  ])
  expect(mentionParts('dead units', [])).toEqual([{ text: 'dead units', symptom: null }])
  expect(mentionParts('', symptoms)).toEqual([])
})
