/** Viridis (van der Walt and Smith 2015): perceptually uniform, and safe for colour-blind readers. */

const ANCHORS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
] as const

type Colour = readonly [red: number, green: number, blue: number]

const SHADES = 256

const TABLE: readonly Colour[] = Array.from({ length: SHADES }, (_, shade) => {
  const anchor = (shade / (SHADES - 1)) * (ANCHORS.length - 1)
  const before = Math.min(Math.floor(anchor), ANCHORS.length - 2)
  const [a, b] = [ANCHORS[before] ?? ANCHORS[0], ANCHORS[before + 1] ?? ANCHORS[0]]
  const mix = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * (anchor - before))
  return [mix(0), mix(1), mix(2)]
})

/** The colour at a position from 0 to 1. */
export function viridis(position: number): Colour {
  return TABLE[Math.round(position * (SHADES - 1))] ?? ANCHORS[0]
}

/** The same map as a CSS gradient, for the legend. */
export const VIRIDIS_GRADIENT = `linear-gradient(to right, ${ANCHORS.map(
  (colour) => `rgb(${colour.join(' ')})`,
).join(', ')})`
