type Numbers = number[] | Float32Array

/** A frame in the server's format: numbers as float64, a Float32Array as float32. */
export function encodeFrame(header: object, columns: Record<string, Numbers>): ArrayBuffer {
  const bodies = Object.values(columns).map((numbers) =>
    numbers instanceof Float32Array ? numbers : Float64Array.from(numbers),
  )
  const described = Object.keys(columns).map((name, i) => ({
    name,
    dtype: bodies[i] instanceof Float32Array ? 'float32' : 'float64',
    length: bodies[i]?.length ?? 0,
  }))
  return joined({ ...header, columns: described }, bodies)
}

/** A frame with any header, also an invalid one. */
export function joined(header: object, bodies: ArrayBufferView[]): ArrayBuffer {
  let json = JSON.stringify(header)
  while ((8 + new TextEncoder().encode(json).length) % 8) json += ' '
  const text = new TextEncoder().encode(json)
  const size = bodies.reduce((bytes, body) => bytes + padded(body), 8 + text.length)
  const buffer = new ArrayBuffer(size)
  new Uint8Array(buffer).set(new TextEncoder().encode('GHF2'))
  new DataView(buffer).setUint32(4, text.length, true)
  new Uint8Array(buffer).set(text, 8)
  let at = 8 + text.length
  for (const body of bodies) {
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    new Uint8Array(buffer).set(bytes, at)
    at += padded(body)
  }
  return buffer
}

function padded(body: ArrayBufferView): number {
  return Math.ceil(body.byteLength / 8) * 8
}
