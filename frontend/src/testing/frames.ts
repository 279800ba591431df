/** A frame as the server writes it, for the tests. */
export function encodeFrame(header: object, columns: number[][]): ArrayBuffer {
  let json = JSON.stringify(header)
  while ((8 + new TextEncoder().encode(json).length) % 8) json += ' '
  const text = new TextEncoder().encode(json)
  const buffer = new ArrayBuffer(8 + text.length + 8 * columns.flat().length)
  new Uint8Array(buffer).set(new TextEncoder().encode('GHF1'))
  new DataView(buffer).setUint32(4, text.length, true)
  new Uint8Array(buffer).set(text, 8)
  columns.flat().forEach((value, i) => {
    new DataView(buffer).setFloat64(8 + text.length + 8 * i, value, true)
  })
  return buffer
}
