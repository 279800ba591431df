import { describe, expect, it } from 'vitest'
import { anchoredScroll, mountedRows, rowWindow, scrollToRow } from './row-window'

describe('the row window', () => {
  it('holds the visible rows and some around them', () => {
    expect(rowWindow(1000, 300, 32, 5000, 4)).toEqual({ first: 27, end: 45 })
  })

  it('stays within the table', () => {
    expect(rowWindow(0, 300, 32, 5, 4)).toEqual({ first: 0, end: 5 })
    expect(rowWindow(0, 300, 32, 0, 4)).toEqual({ first: 0, end: 0 })
    expect(rowWindow(99_999, 300, 32, 10, 4)).toEqual({ first: 10, end: 10 })
  })

  it('mounts the active row wherever it is', () => {
    expect(mountedRows({ first: 5, end: 8 }, -1)).toEqual([5, 6, 7])
    expect(mountedRows({ first: 5, end: 8 }, 6)).toEqual([5, 6, 7])
    expect(mountedRows({ first: 5, end: 8 }, 1)).toEqual([1, 5, 6, 7])
    expect(mountedRows({ first: 5, end: 8 }, 40)).toEqual([5, 6, 7, 40])
  })
})

describe('scrolling', () => {
  it('moves as little as needed to show a row', () => {
    expect(scrollToRow(2, 100, 320, 32)).toBe(64)
    expect(scrollToRow(5, 100, 320, 32)).toBe(100)
    expect(scrollToRow(20, 100, 320, 32)).toBe(21 * 32 - 320)
  })

  it('keeps the first visible row in place when alerts open above it', () => {
    const before = ['a', 'b', 'c', 'd']
    expect(anchoredScroll(before, ['x', 'y', ...before], 70, 32)).toBe(134)
    expect(anchoredScroll(before, ['c', 'd'], 70, 32)).toBe(6)
  })

  it('stays where it is at the top, or when that row is gone', () => {
    expect(anchoredScroll(['a', 'b'], ['x', 'a', 'b'], 0, 32)).toBe(0)
    expect(anchoredScroll(['a', 'b', 'c'], ['x'], 70, 32)).toBe(70)
  })
})
