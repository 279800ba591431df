/** A colour for each run: if possible the same on every load, and fixed during a session. */

export const COLOURS = 8

/** Assigns indices of the theme's run colours to names; existing assignments do not change. */
export function assignColours(
  given: ReadonlyMap<string, number>,
  names: readonly string[],
): Map<string, number> {
  const slots = new Map(given)
  const taken = new Set(slots.values())
  for (const name of [...names].sort()) {
    if (slots.has(name)) continue
    const slot = freeSlot(hash(name) % COLOURS, taken)
    slots.set(name, slot)
    taken.add(slot)
  }
  return slots
}

function freeSlot(wanted: number, taken: ReadonlySet<number>): number {
  for (let i = 0; i < COLOURS; i++) {
    const slot = (wanted + i) % COLOURS
    if (!taken.has(slot)) return slot
  }
  return wanted
}

// FNV-1a: short, and separates names that differ in their last digit.
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  }
  return (h ^ (h >>> 15)) >>> 0
}
