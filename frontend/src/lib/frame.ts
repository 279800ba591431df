/**
 * Binary frames: `GHF1`, a little-endian u32 header length, a JSON header padded so that the body
 * starts at a multiple of 8, then one little-endian float64 column after the other.
 */

export interface Frame<Header> {
  header: Header
  columns: ReadonlyMap<string, Float64Array>
}

interface Shape {
  points: number
  columns: string[]
}

const MAGIC = 'GHF1'
const PREFIX_BYTES = 8
const DOUBLE_BYTES = 8

export function decodeFrame<Header extends Shape>(buffer: ArrayBuffer): Frame<Header> {
  const header = readHeader<Header>(buffer)
  const { points, columns: names } = header
  if (!Number.isInteger(points) || points < 0 || !Array.isArray(names)) {
    throw new Error('The frame does not say how many points and columns it holds.')
  }
  const body = bodyStart(buffer)
  const bytes = points * DOUBLE_BYTES
  if (body + bytes * names.length > buffer.byteLength) {
    throw new Error(`The frame ends before its ${names.length} columns of ${points} points.`)
  }
  const columns = new Map<string, Float64Array>()
  names.forEach((name, index) => {
    columns.set(name, readColumn(buffer, body + index * bytes, points))
  })
  return { header, columns }
}

function headerLength(buffer: ArrayBuffer): number {
  return new DataView(buffer).getUint32(4, true)
}

function bodyStart(buffer: ArrayBuffer): number {
  return Math.ceil((PREFIX_BYTES + headerLength(buffer)) / DOUBLE_BYTES) * DOUBLE_BYTES
}

function readHeader<Header>(buffer: ArrayBuffer): Header {
  if (buffer.byteLength < PREFIX_BYTES || latin(buffer, 4) !== MAGIC) {
    throw new Error('The answer is not a Grad Health frame.')
  }
  const length = headerLength(buffer)
  if (PREFIX_BYTES + length > buffer.byteLength) {
    throw new Error('The frame ends within its header.')
  }
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, PREFIX_BYTES, length)))
}

function latin(buffer: ArrayBuffer, length: number): string {
  return String.fromCharCode(...new Uint8Array(buffer, 0, length))
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

function readColumn(buffer: ArrayBuffer, start: number, points: number): Float64Array {
  if (LITTLE_ENDIAN) return new Float64Array(buffer, start, points)
  const view = new DataView(buffer, start)
  return Float64Array.from({ length: points }, (_, i) => view.getFloat64(i * DOUBLE_BYTES, true))
}
