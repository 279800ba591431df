/** A colour, a marker and a dash for each run: if possible the same on every load, and fixed during a session. */

export const COLOURS = 8

/** The shape of the marker beside a run's name and the dash of its line, in pixels. */
interface Look {
  shape: 'square' | 'circle' | 'diamond' | 'triangle' | 'ring' | 'cross' | 'wedge'
  dash: readonly number[]
}

/** The first looks are used until their colours are used up, so that few runs differ by colour alone. */
export const LOOKS: readonly Look[] = [
  { shape: 'square', dash: [] },
  { shape: 'circle', dash: [7, 4] },
  { shape: 'diamond', dash: [2, 3] },
  { shape: 'triangle', dash: [10, 3, 2, 3] },
  { shape: 'ring', dash: [14, 4] },
  { shape: 'cross', dash: [4, 2, 1, 2] },
  { shape: 'wedge', dash: [10, 3, 2, 3, 2, 3] },
]

export interface RunStyle extends Look {
  /** The index of the theme's run colour. */
  colour: number
}

/** The style of a slot of `assignColours`. */
export function styleOf(slot: number): RunStyle {
  const look = LOOKS[Math.floor(slot / COLOURS) % LOOKS.length] ?? (LOOKS[0] as Look)
  return { ...look, colour: slot % COLOURS }
}

/** Assigns slots, pairs of a look and a colour, to names; existing assignments do not change. */
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

/** The next free colour of the first look that has one; the wanted colour once all are taken. */
function freeSlot(wanted: number, taken: ReadonlySet<number>): number {
  for (let look = 0; look < LOOKS.length; look++) {
    for (let i = 0; i < COLOURS; i++) {
      const slot = look * COLOURS + ((wanted + i) % COLOURS)
      if (!taken.has(slot)) return slot
    }
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
