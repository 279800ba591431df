import { describe, expect, it } from 'vitest'
import { encodeFrame } from '../testing/frames'
import { decodeFrame } from './frame'

const header = { points: 3, columns: ['step', 'value'], run: 'a/ß' }
const columns = [
  [0, 10, 20],
  [1.5, Number.NaN, Number.POSITIVE_INFINITY],
]

describe('a frame', () => {
  it('gives back its header and its columns by name', () => {
    const frame = decodeFrame<typeof header>(encodeFrame(header, columns))
    expect(frame.header).toEqual(header)
    expect([...(frame.columns.get('step') ?? [])]).toEqual([0, 10, 20])
    expect([...(frame.columns.get('value') ?? [])]).toEqual(columns[1])
  })

  it('may be empty', () => {
    const frame = decodeFrame<typeof header>(encodeFrame({ ...header, points: 0 }, [[], []]))
    expect(frame.columns.get('value')?.length).toBe(0)
  })

  it('says what is wrong with a foreign or a cut answer', () => {
    const whole = encodeFrame(header, columns)
    expect(() => decodeFrame(new ArrayBuffer(3))).toThrow('not a Grad Health frame')
    expect(() => decodeFrame(new TextEncoder().encode('<!DOCTYPE html>').buffer)).toThrow('not a')
    expect(() => decodeFrame(whole.slice(0, 20))).toThrow('within its header')
    expect(() => decodeFrame(whole.slice(0, -8))).toThrow('ends before its 2 columns of 3 points')
    expect(() => decodeFrame(encodeFrame({ columns: ['step'] }, [[]]))).toThrow('how many points')
  })
})
