import { describe, expect, it } from 'vitest'
import type { Limit, RuleDocument } from '../contract'
import { VANISHING_RULES } from '../testing/samples'
import {
  changesOf,
  draftText,
  limitIn,
  mutesOf,
  parseDocument,
  resetSymptom,
  sameRules,
  sameSymptom,
  setting,
  withMutes,
  withSetting,
} from './rule-document'

const NONE: RuleDocument = { version: 1 }
const ID = 'vanishing-gradient'
const threshold = VANISHING_RULES.limits[0] as Limit
const limited = (value: number, document = NONE) =>
  withSetting(document, ID, 'threshold', value, threshold.default)

describe('a changed document', () => {
  it('holds what differs from the default rules, and nothing else', () => {
    const tried = limited(0.01)
    expect(tried).toEqual({ version: 1, symptoms: { [ID]: { threshold: 0.01 } } })
    expect(limitIn(tried, ID, threshold)).toBe(0.01)
    expect(limited(0.001, tried)).toEqual(NONE)
    expect(NONE).toEqual({ version: 1 })
  })

  it('leaves everything else as it was', () => {
    const before = { version: 1, symptoms: { [ID]: { include: ['a'] }, other: { enabled: false } } }
    expect(limited(0.01, before).symptoms).toEqual({
      other: { enabled: false },
      [ID]: { include: ['a'], threshold: 0.01 },
    })
  })

  it('can take a symptom back', () => {
    const inForce = { version: 1, symptoms: { [ID]: { enabled: false } } }
    const tried = limited(0.01, inForce)
    expect(sameSymptom(tried, inForce, ID)).toBe(false)
    expect(resetSymptom(tried, inForce, ID)).toEqual(inForce)
    expect(resetSymptom(limited(0.01), NONE, ID)).toEqual(NONE)
  })
})

describe('the address', () => {
  it('holds nothing for the rules in force, however they are written', () => {
    expect(draftText({ symptoms: {} }, NONE)).toBe('')
    expect(draftText(limited(0.001, limited(0.01)), NONE)).toBe('')
    const muted = { mute: [{ reason: 'known', symptom: '*', tensor: 'a', until: null }] }
    expect(sameRules(muted, { version: 1, mute: [{ tensor: 'a', reason: 'known' }] })).toBe(true)
    expect(sameRules(muted, NONE)).toBe(false)
  })

  it('gives the document back', () => {
    const tried = limited(0.01)
    expect(parseDocument(draftText(tried, NONE))).toEqual(tried)
  })

  it('may be written by hand, and wrongly', () => {
    expect(parseDocument('{')).toBeNull()
    expect(parseDocument('[1]')).toBeNull()
    const odd =
      parseDocument('{"symptoms": {"vanishing-gradient": 3}, "mute": ["no", {"reason": 7}]}') ??
      NONE
    expect(limitIn(odd, ID, threshold)).toBe(0.001)
    expect(mutesOf(odd)).toEqual([])
    expect(setting({ symptoms: { [ID]: { enabled: 'no' } } }, ID, 'enabled', true)).toBe(true)
    expect(limitIn({ symptoms: [] as never }, ID, threshold)).toBe(0.001)
  })
})

it('tells what it changes, in the order of the symptoms', () => {
  const inForce = limited(0.002)
  const tried = withSetting(limited(0.01, inForce), ID, 'enabled', false, true)
  expect(changesOf(tried, inForce, [VANISHING_RULES])).toEqual([
    { symptom: ID, title: 'Vanishing gradient', name: 'enabled', before: true, after: false },
    { symptom: ID, title: 'Vanishing gradient', name: 'threshold', before: 0.002, after: 0.01 },
  ])
  expect(changesOf(inForce, inForce, [VANISHING_RULES])).toEqual([])
})

it('adds and takes away mutes', () => {
  const mute = { reason: 'a bias may be still', tensor: '*/bias' }
  const muted = withMutes(NONE, [mute])
  expect(mutesOf(muted)).toEqual([mute])
  expect(withMutes(muted, [])).toEqual(NONE)
})
