/** The two ends of a range on an axis, as sliders for mouse, finger and keyboard. */

import { useState } from 'preact/hooks'
import { nearestStop, type ParallelAxis } from '../../lib/parallel'
import { VERDICT } from '../../lib/runs-within'
import type { ValueRange } from '../../lib/value-ranges'

/** The size of a slider's thumb, as in the style sheet. */
const THUMB = 24
/** Positions are fractions; sliders count in whole numbers. */
const FINE = 1000

interface AxisRangeProps {
  axis: ParallelAxis
  range: ValueRange
  left: number
  top: number
  height: number
  onChange: (range: ValueRange) => void
}

export function AxisRange({ axis, range, left, top, height, onChange }: AxisRangeProps) {
  const { stops } = axis
  // While a thumb is dragged, only the slider follows; the runs follow on release.
  const [dragged, setDragged] = useState<readonly [end: number, stop: number] | null>(null)
  if (stops.length < 2) return null
  const last = stops.length - 1
  const stopOf = (bound: string, open: number) => {
    if (bound === '') return open
    const i = stops.findIndex((stop) => stop.bound === bound)
    // A bound of a shared address may lie between the values of these runs.
    const place = i < 0 ? axis.position(Number(bound)) : null
    return i < 0 ? (place === null ? open : nearestStop(stops, place)) : i
  }
  const ends = [stopOf(range[0], 0), stopOf(range[1], last)] as const
  const set = (end: number, stop: number) => {
    // An end does not pass the other one.
    const next = end === 0 ? Math.min(stop, ends[1]) : Math.max(stop, ends[0])
    const [from, to] = end === 0 ? [next, ends[1]] : [ends[0], next]
    const bound = (stop: number) => stops[stop]?.bound ?? ''
    // Between texts, an open end says less than the last one.
    const closed = axis.spread > 0 && (from > 0 || to < last)
    onChange([closed || from > 0 ? bound(from) : '', closed || to < last ? bound(to) : ''])
  }
  const name = axis.name === VERDICT ? 'health' : axis.name
  return (
    <div
      class="axis-range"
      data-set={range[0] !== '' || range[1] !== ''}
      style={{ left: `${left - THUMB / 2}px` }}
    >
      {([0, 1] as const).map((end) => {
        const shown = dragged?.[0] === end ? dragged[1] : ends[end]
        // Beside all lines of its value.
        const beside = end === 0 ? -axis.spread : axis.spread
        const nearest = (element: HTMLInputElement) =>
          nearestStop(stops, Number(element.value) / FINE - beside)
        return (
          <input
            key={end}
            type="range"
            class={end === 0 ? 'lower' : 'upper'}
            aria-label={`${name} ${end === 0 ? 'from' : 'to'}`}
            aria-orientation="vertical"
            aria-valuetext={stops[shown]?.text}
            min={0}
            max={FINE}
            step={1}
            value={Math.round(((stops[shown]?.position ?? 0) + beside) * FINE)}
            // The thumbs are outside the range: they do not cover each other at one value.
            style={{ top: `${top + (end === 0 ? 0 : -THUMB)}px`, height: `${height + THUMB}px` }}
            onInput={({ currentTarget }) => setDragged([end, nearest(currentTarget)])}
            onChange={({ currentTarget }) => {
              setDragged(null)
              set(end, nearest(currentTarget))
            }}
            onKeyDown={(event) => {
              const move = MOVES[event.key]
              if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return
              event.preventDefault()
              set(end, Math.min(last, Math.max(0, ends[end] + move)))
            }}
          />
        )
      })}
    </div>
  )
}

/** From value to value along the axis, by key. */
const MOVES: Readonly<Record<string, number>> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 5,
  PageDown: -5,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
}
