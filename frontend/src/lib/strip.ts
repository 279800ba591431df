/** The points of a strip plot: the runs by a hyper-parameter, in a lane for each verdict. */

import type { Run, Verdict } from '../contract'
import type { ParameterScale } from './parameter-scale'

export interface Lane {
  tone: 'critical' | 'warning' | 'healthy' | 'unknown'
  title: string
}

export const LANES: readonly Lane[] = [
  { tone: 'critical', title: 'critical' },
  { tone: 'warning', title: 'warning' },
  { tone: 'healthy', title: 'healthy' },
  { tone: 'unknown', title: 'undecided' },
]

export interface StripPoint {
  run: string
  lane: number
  /** From 0 to 1 along the axis. */
  position: number
  /** The place among near points of its lane: the row from -1 to 1, and the column, 0 in the middle. */
  row: number
  column: number
}

/** The lanes that some run is in. */
export function lanesOf(runs: readonly Run[]): Lane[] {
  const found = new Set(runs.map(({ verdict }) => toneOf(verdict)))
  return LANES.filter(({ tone }) => found.has(tone))
}

/** Points nearer than this share of the axis are put above and beside each other. */
const NEAR = 0.025
const ROWS = 3

export function stripPoints(
  runs: readonly Run[],
  name: string,
  scale: ParameterScale,
  lanes: readonly Lane[],
): StripPoint[] {
  const points = runs.flatMap(({ run, verdict, hparams }) => {
    const position = scale.position(hparams?.[name])
    const lane = lanes.findIndex(({ tone }) => tone === toneOf(verdict))
    return position === null || lane < 0 ? [] : [{ run, lane, position, row: 0, column: 0 }]
  })
  points.sort((a, b) => a.lane - b.lane || a.position - b.position)
  for (let first = 0; first < points.length; ) {
    const start = points[first] as StripPoint
    let end = first + 1
    while (points[end]?.lane === start.lane && isNear(points[end], start)) end++
    const n = end - first
    const columns = Math.ceil(n / ROWS)
    const rows = Math.min(n, ROWS)
    for (let i = 0; i < n; i++) {
      const point = points[first + i] as StripPoint
      point.row = rows === 1 ? 0 : (2 * (i % rows)) / (rows - 1) - 1
      point.column = Math.floor(i / rows) - (columns - 1) / 2
    }
    first = end
  }
  return points
}

function isNear(point: StripPoint | undefined, start: StripPoint): boolean {
  return point !== undefined && point.position - start.position < NEAR
}

export function toneOf(verdict: Verdict): Lane['tone'] {
  return verdict === 'too early' ? 'unknown' : verdict
}
