/** The strip plot of one hyper-parameter. */

import { useMemo, useRef } from 'preact/hooks'
import type { Run } from '../../contract'
import { parameterScale } from '../../lib/parameter-scale'
import { styleOf } from '../../lib/run-colour'
import { lanesOf, type StripPoint, stripPoints } from '../../lib/strip'
import { withCompared } from '../../lib/view-state'
import { useTab } from '../context'
import { pointIn } from '../pointer'
import { useWidth } from '../useWidth'
import { parameterText } from './MatrixLine'

const LANE_HEIGHT = 24
const AXIS_HEIGHT = 18
const LEFT = 72
const RIGHT = 22
/** How far near points are put apart, up and down and to the side, in pixels. */
const SPREAD = 6.5
const COLUMN = 7
/** A run is pointed at within this distance in pixels. */
const REACH = 14

interface StripProps {
  name: string
  /** What the plot shows, in a sentence. */
  text: string
  runs: readonly Run[]
  /** The runs within the ranges; the others are faint. */
  inside: ReadonlySet<string>
  /** The run under the pointer in any of the plots. */
  pointed: string | null
  point: (run: string | null) => void
}

export function Strip({ name, text, runs, inside, pointed, point }: StripProps) {
  const { view, alerts } = useTab()
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const scale = useMemo(() => parameterScale(runs.map((run) => run.hparams?.[name])), [runs, name])
  const lanes = useMemo(() => lanesOf(runs), [runs])
  const points = useMemo(() => stripPoints(runs, name, scale, lanes), [runs, name, scale, lanes])
  const { compared } = view.current.value
  const height = lanes.length * LANE_HEIGHT + AXIS_HEIGHT
  const along = (position: number) => LEFT + position * Math.max(0, width - LEFT - RIGHT)
  const middle = (lane: number) => (lane + 0.5) * LANE_HEIGHT
  const x = ({ position, column }: StripPoint) => along(position) + COLUMN * column
  const y = ({ lane, row }: StripPoint) => middle(lane) + SPREAD * row
  const nearest = (event: MouseEvent): string | null => {
    const { x: px, y: py } = pointIn(event.currentTarget as Element, event)
    let [found, best] = [null as string | null, REACH]
    for (const each of points) {
      const distance = Math.hypot(x(each) - px, y(each) - py)
      if (distance < best) [found, best] = [each.run, distance]
    }
    return found
  }
  const tick = (event: MouseEvent) => {
    const run = nearest(event)
    if (run !== null) view.change({ compared: withCompared(compared, run) })
  }
  const colourOf = (run: string) =>
    `var(--run-${styleOf(alerts.runColours.value.get(run) ?? 0).colour})`
  const dots = (some: readonly StripPoint[]) =>
    some.map((each) => `M${x(each).toFixed(1)} ${y(each).toFixed(1)}h.01`).join('')
  const marked = points.filter(({ run }) => run === pointed || compared.includes(run))
  const value = alerts.runOf.value.get(pointed ?? '')?.hparams?.[name]
  return (
    <figure class="health-strip">
      <figcaption>
        <bdi class="mono">{name}</bdi>{' '}
        {scale.kind !== 'linear' && scale.kind !== 'values' && (
          <span class="muted">logarithmic</span>
        )}
        <span class="strip-text">
          {pointed === null ? (
            text
          ) : (
            <>
              <bdi>{pointed}</bdi>: {parameterText(value)}
            </>
          )}
        </span>
      </figcaption>
      <div ref={element}>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the table ticks every run by keyboard */}
        <svg
          role="img"
          aria-label={`Runs by ${name}, a lane for each verdict. ${text}.`}
          width={width}
          height={height}
          onPointerDown={(event) => point(nearest(event))}
          onPointerMove={(event) => point(nearest(event))}
          // The reading of a tap stays.
          onPointerLeave={({ pointerType }) => pointerType !== 'touch' && point(null)}
          onClick={tick}
        >
          <path class="dots outside" d={dots(points.filter(({ run }) => !inside.has(run)))} />
          {lanes.map(({ tone, title }, lane) => (
            <g key={tone}>
              <text class={`lane ${tone}`} x={LEFT - 16} y={middle(lane) + 4}>
                {title}
              </text>
              <path
                class="strip-line"
                d={`M${LEFT - 8} ${middle(lane)}H${Math.max(LEFT, width - RIGHT + 8)}`}
              />
              {/* A path of round dots: one element for any number of runs. */}
              <path
                class={`dots ${tone}`}
                d={dots(points.filter((each) => each.lane === lane && inside.has(each.run)))}
              />
            </g>
          ))}
          {marked.map((each) => (
            <circle
              key={each.run}
              cx={x(each)}
              cy={y(each)}
              r={6.5}
              style={{ '--ring': each.run === pointed ? 'var(--focus)' : colourOf(each.run) }}
            />
          ))}
          {scale.ticks.map(({ position, text }) => (
            <text key={text} class="strip-tick" x={along(position)} y={height - 4}>
              {text}
            </text>
          ))}
        </svg>
      </div>
    </figure>
  )
}
