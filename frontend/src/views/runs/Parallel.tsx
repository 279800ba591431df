/** The runs as lines through their hyper-parameters to their verdict; ranges on the axes filter them. */

import { useMemo, useRef, useState } from 'preact/hooks'
import type { Run } from '../../contract'
import { nearestStop, type ParallelLine, parallelAxes, parallelLines } from '../../lib/parallel'
import { VERDICT, withRange } from '../../lib/runs-within'
import { LANES } from '../../lib/strip'
import { withCompared } from '../../lib/view-state'
import { useTab } from '../context'
import { pointIn } from '../pointer'
import { useWidth } from '../useWidth'
import { AxisRange } from './AxisRange'

const HEIGHT = 132
/** Room for the ends of the ranges. */
const EDGE = 26
/** The room of runs without a value, below the axes. */
const GAP = 18
const SIDE = 64
/** The least distance between axes; a narrower page scrolls. */
const NARROWEST = 84
/** A run is pointed at, and an axis taken hold of, within this distance in pixels. */
const REACH = 14
const HOLD = 10
/** A shorter drag is a click. */
const SHORTEST = 5

interface ParallelProps {
  /** All runs, also those outside the ranges. */
  runs: readonly Run[]
  /** The runs within the ranges. */
  inside: ReadonlySet<string>
  names: readonly string[]
  pointed: string | null
  point: (run: string | null) => void
}

export function Parallel({ runs, inside, names, pointed, point }: ParallelProps) {
  const { view } = useTab()
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const axes = useMemo(() => parallelAxes(runs, names), [runs, names.join('\n')])
  const lines = useMemo(() => parallelLines(runs, axes), [runs, axes])
  const [brush, setBrush] = useState<{ axis: number; from: number; to: number } | null>(null)
  const { compared, ranges } = view.current.value
  const height = 2 * EDGE + HEIGHT + (axes.some(({ gaps }) => gaps) ? GAP : 0)
  const x = (axis: number) => SIDE + (axis / (axes.length - 1)) * Math.max(0, width - 2 * SIDE)
  const y = (place: number | null) =>
    place === null ? EDGE + HEIGHT + EDGE + GAP / 2 - 4 : EDGE + HEIGHT * (1 - place)
  const placeAt = (py: number) => 1 - (py - EDGE) / HEIGHT
  const path = ({ places }: ParallelLine) =>
    places.map((place, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(place).toFixed(1)}`).join('')
  const marked = lines.filter(({ run }) => run === pointed || compared.includes(run))

  const nearest = (px: number, py: number): string | null => {
    const along = ((px - SIDE) / Math.max(1, width - 2 * SIDE)) * (axes.length - 1)
    const axis = Math.min(axes.length - 2, Math.max(0, Math.floor(along)))
    let [found, best] = [null as string | null, REACH]
    for (const { run, places } of lines) {
      if (!inside.has(run)) continue
      const [a, b] = [y(places[axis] ?? null), y(places[axis + 1] ?? null)]
      const distance = Math.abs(a + (b - a) * (along - axis) - py)
      if (distance < best) [found, best] = [run, distance]
    }
    return found
  }
  const press = (event: PointerEvent) => {
    // A finger scrolls the page, and moves the ends of the ranges.
    const { x: px, y: py } = pointIn(event.currentTarget as Element, event)
    if (event.pointerType === 'touch') point(nearest(px, py))
    if (event.pointerType === 'touch' || event.button !== 0) return
    const axis = axes.findIndex((_, i) => Math.abs(x(i) - px) <= HOLD)
    if (axis < 0) return
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
    setBrush({ axis, from: py, to: py })
  }
  const move = (event: PointerEvent) => {
    const { x: px, y: py } = pointIn(event.currentTarget as Element, event)
    if (brush) setBrush({ ...brush, to: py })
    else point(nearest(px, py))
  }
  const release = () => {
    if (!brush) return
    setBrush(null)
    const { name, stops } = axes[brush.axis] ?? axes[0] ?? { name: '', stops: [] }
    if (Math.abs(brush.to - brush.from) < SHORTEST) {
      view.change({ ranges: withRange(ranges, name, ['', '']) })
      return
    }
    const [low, high] = [brush.from, brush.to].map(placeAt).sort((a, b) => a - b) as [
      number,
      number,
    ]
    const within = stops.filter(({ position }) => position >= low && position <= high)
    // A drag between two values takes the nearer one.
    const [first, last] = [within[0], within.at(-1)]
    const near = stops[nearestStop(stops, (low + high) / 2)]
    const [from, to] = [first?.bound ?? near?.bound ?? '', last?.bound ?? near?.bound ?? '']
    view.change({ ranges: withRange(ranges, name, [from, to]) })
  }
  const tick = (event: MouseEvent) => {
    const { x: px, y: py } = pointIn(event.currentTarget as Element, event)
    if (axes.some((_, i) => Math.abs(x(i) - px) <= HOLD)) return
    const run = nearest(px, py)
    if (run !== null) view.change({ compared: withCompared(compared, run) })
  }
  return (
    <div class="parallel-frame">
      <div
        class="parallel"
        ref={element}
        style={{ minWidth: `${2 * SIDE + (axes.length - 1) * NARROWEST}px` }}
      >
        <div class="parallel-heads" aria-hidden="true">
          {axes.map(({ name }, i) => (
            <span
              key={name}
              class={name === VERDICT ? '' : 'mono'}
              title={name}
              style={{
                left: `${x(i)}px`,
                width: `${(width - 2 * SIDE) / (axes.length - 1) - 8}px`,
              }}
            >
              <bdi>{name === VERDICT ? 'health' : name}</bdi>
            </span>
          ))}
        </div>
        <div class="parallel-plot" style={{ height: `${height}px` }}>
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the table ticks every run by keyboard */}
          <svg
            role="img"
            aria-label={`${runs.length} runs as lines through ${names.join(', ')} to their health`}
            width={width}
            height={height}
            onPointerDown={press}
            onPointerMove={move}
            onPointerUp={release}
            onPointerCancel={() => setBrush(null)}
            // The reading of a tap stays.
            onPointerLeave={({ pointerType }) => pointerType !== 'touch' && point(null)}
            onClick={tick}
          >
            <path
              class="parallel-line outside"
              d={lines
                .filter(({ run }) => !inside.has(run))
                .map(path)
                .join('')}
            />
            {/* A path for each verdict: one element for any number of runs. */}
            {[...LANES].reverse().map(({ tone }) => (
              <path
                key={tone}
                class={`parallel-line ${tone}`}
                d={lines
                  .filter((line) => line.tone === tone && inside.has(line.run))
                  .map(path)
                  .join('')}
              />
            ))}
            {marked.map((line) => (
              <path
                key={line.run}
                class={`parallel-marked ${line.run === pointed ? 'pointed' : line.tone}`}
                d={path(line)}
              />
            ))}
            {axes.map(({ name, ticks, gaps }, i) => (
              <g key={name}>
                <path class="parallel-axis" d={`M${x(i)} ${EDGE}V${EDGE + HEIGHT}`} />
                {brush?.axis === i && (
                  <rect
                    class="parallel-brush"
                    x={x(i) - HOLD}
                    y={Math.min(brush.from, brush.to)}
                    width={2 * HOLD}
                    height={Math.abs(brush.to - brush.from)}
                  />
                )}
                {ticks.map(({ position, text }) => (
                  <text
                    key={text}
                    class="parallel-tick"
                    x={x(i) + (i === axes.length - 1 ? 14 : -14)}
                    y={y(position) + 4}
                    text-anchor={i === axes.length - 1 ? 'start' : 'end'}
                  >
                    {text}
                  </text>
                ))}
                {gaps && (
                  <text class="parallel-tick" x={x(i) - 14} y={y(null) + 4} text-anchor="end">
                    no value
                  </text>
                )}
              </g>
            ))}
          </svg>
          {axes.map((axis, i) => (
            <AxisRange
              key={axis.name}
              axis={axis}
              range={ranges[axis.name] ?? ['', '']}
              left={x(i)}
              top={EDGE}
              height={HEIGHT}
              onChange={(range) => view.change({ ranges: withRange(ranges, axis.name, range) })}
            />
          ))}
        </div>
      </div>
    </div>
  )
}
