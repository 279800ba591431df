import { describe, expect, it } from 'vitest'
import { encodeFrame, joined } from '../testing/frames'
import { type ColumnShape, decodeFrame } from './frame'

const header = { run: 'a/ß' }
const columns = {
  step: [0, 10, 2 ** 40],
  value: Float32Array.from([1.5, Number.NaN, Number.POSITIVE_INFINITY]),
  loss: [3, 2, 1],
}

type Header = typeof header & { columns: ColumnShape[] }

describe('a frame', () => {
  it('gives back its header and its columns by name', () => {
    const frame = decodeFrame<Header>(encodeFrame(header, columns))
    expect(frame.header).toMatchObject(header)
    expect(frame.header.columns[1]).toEqual({ name: 'value', dtype: 'float32', length: 3 })
    for (const [name, numbers] of Object.entries(columns)) {
      expect([...(frame.columns.get(name) ?? [])]).toEqual([...numbers])
    }
  })

  it('may be empty', () => {
    const frame = decodeFrame<Header>(encodeFrame(header, { step: [], value: [] }))
    expect(frame.columns.get('value')?.length).toBe(0)
  })

  it('says what is wrong with a foreign or a cut answer', () => {
    const whole = encodeFrame(header, columns)
    expect(() => decodeFrame(new ArrayBuffer(3))).toThrow('not a Grad Health frame')
    expect(() => decodeFrame(new TextEncoder().encode('<!DOCTYPE html>').buffer)).toThrow('not a')
    expect(() => decodeFrame(whole.slice(0, 20))).toThrow('within its header')
    expect(() => decodeFrame(whole.slice(0, -8))).toThrow('ends before its column loss of 3')
    for (const described of [undefined, ['step'], [{ name: 'step', dtype: 'int8', length: 1 }]]) {
      const frame = joined({ columns: described }, [])
      expect(() => decodeFrame(frame)).toThrow('does not say what columns')
    }
  })
})
