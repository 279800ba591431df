import { describe, expect, it } from 'vitest'
import { compilePattern, countBy, isSelected, toggled } from './filter'

describe('a text filter', () => {
  it('keeps everything while it is empty', () => {
    expect(compilePattern('').matches('dense/kernel')).toBe(true)
  })

  it('is an unanchored regular expression in either case', () => {
    const { matches, error } = compilePattern('DENSE_[01]/k')
    expect(error).toBeNull()
    expect(['dense_0/kernel', 'net/dense_1/kernel', 'dense_2/kernel'].map(matches)).toEqual([
      true,
      true,
      false,
    ])
  })

  it('accepts needless escapes', () => {
    expect(compilePattern('a\\-b').matches('a-b')).toBe(true)
  })

  it('that is invalid says so and filters nothing out', () => {
    const { matches, error } = compilePattern('dense_(')
    expect(error).toMatch(/group/i)
    expect(matches('anything')).toBe(true)
  })
})

describe('chips', () => {
  it('restrict only when one is pressed', () => {
    expect(isSelected([], 'info')).toBe(true)
    expect(isSelected(['critical'], 'info')).toBe(false)
    expect(isSelected(['critical', 'info'], 'info')).toBe(true)
  })

  it('are pressed and released', () => {
    expect(toggled(['critical'], 'info')).toEqual(['critical', 'info'])
    expect(toggled(['critical', 'info'], 'critical')).toEqual(['info'])
  })

  it('count what they would show', () => {
    expect(countBy(['a', 'b', 'a'], (name) => name)).toEqual({ a: 2, b: 1 })
  })
})
