/**
 * Decodes binary frames: `GHF2`, a little-endian u32 header length, a JSON header padded so that the body
 * starts at a multiple of 8, then the little-endian columns, each padded to a multiple of 8 bytes.
 * The header contains the name, type and length of each column.
 */

export type Column = Float64Array | Float32Array

export interface Frame<Header> {
  header: Header
  columns: ReadonlyMap<string, Column>
}

export interface ColumnShape {
  name: string
  dtype: 'float32' | 'float64'
  length: number
}

interface Shape {
  columns: readonly ColumnShape[]
}

const MAGIC = 'GHF2'
const PREFIX_BYTES = 8
const ALIGNMENT = 8

export function decodeFrame<Header extends Shape>(buffer: ArrayBuffer): Frame<Header> {
  const header = readHeader<Header>(buffer)
  if (!Array.isArray(header.columns) || !header.columns.every(isDescribed)) {
    throw new Error('The frame does not say what columns it holds.')
  }
  let start = aligned(PREFIX_BYTES + headerLength(buffer))
  const columns = new Map<string, Column>()
  for (const { name, dtype, length } of header.columns) {
    const size = dtype === 'float32' ? 4 : 8
    if (start + length * size > buffer.byteLength) {
      throw new Error(`The frame ends before its column ${name} of ${length} numbers.`)
    }
    columns.set(name, readColumn(buffer, start, length, size))
    start += aligned(length * size)
  }
  return { header, columns }
}

function isDescribed({ name, dtype, length }: Partial<ColumnShape>): boolean {
  const typed = dtype === 'float32' || dtype === 'float64'
  return typeof name === 'string' && typed && Number.isInteger(length) && (length as number) >= 0
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

function headerLength(buffer: ArrayBuffer): number {
  return new DataView(buffer).getUint32(4, true)
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

function readColumn(buffer: ArrayBuffer, start: number, length: number, size: 4 | 8): Column {
  if (LITTLE_ENDIAN) {
    return size === 4
      ? new Float32Array(buffer, start, length)
      : new Float64Array(buffer, start, length)
  }
  const view = new DataView(buffer, start)
  return Float64Array.from({ length }, (_, i) =>
    size === 4 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true),
  )
}
