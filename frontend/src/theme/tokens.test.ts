import { describe, expect, it } from 'vitest'
import { COLOURS } from '../lib/run-colour'
import { contrast } from './contrast'
import { DARK, LIGHT, type Tokens, tokenSheet } from './tokens'

const tones = ['critical', 'warning', 'info', 'healthy', 'unknown'] as const
const grounds = ['surface', 'sidebar', 'raised', 'hover', 'selected'] as const

it('contrast agrees with the known extremes', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as [string, Tokens][])('the %s theme', (_, tokens) => {
  it.each(grounds)('is readable on its %s', (ground) => {
    for (const ink of ['text', 'muted', 'accent', 'link', 'critical', 'warning'] as const) {
      expect(contrast(tokens[ink], tokens[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(
        4.5,
      )
    }
  })

  it.each(tones)('is readable on a chip of tone %s', (tone) => {
    expect(contrast(tokens[tone], tokens[`${tone}Tint`])).toBeGreaterThanOrEqual(4.5)
  })

  it('shows lines, edges of controls, focus and run colours', () => {
    const marks = [tokens.series, tokens.reference, tokens.control, tokens.focus, ...tokens.runs]
    for (const mark of marks) {
      expect(contrast(mark, tokens.surface), mark).toBeGreaterThanOrEqual(3)
    }
    expect(tokens.runs).toHaveLength(COLOURS)
  })
})

it('reaches the style sheets as custom properties', () => {
  const sheet = tokenSheet(DARK, true)
  expect(sheet).toContain('color-scheme:dark')
  expect(sheet).toContain('--critical-tint:#4d1d1b')
  expect(sheet).toContain('--run-7:')
})
