/** The heatmap: names at the left, cells over steps, the step axis, and the text of the cell. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Heatmap as Answer } from '../../api'
import { paintHeatmap } from '../../draw/heatmap'
import { lineCells } from '../../lib/heatmap-cells'
import { cellReading } from '../../lib/heatmap-reading'
import { markAt } from '../../lib/heatmap-rows'
import { colourScale } from '../../lib/heatmap-scale'
import { count, formatStep } from '../../lib/numbers'
import { columnName, isLogarithmic, kindName, unitOf } from '../../lib/statistics'
import { titleOf } from '../../state/alerts'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { focusEvidence } from '../evidence/focusEvidence'
import type { Cursor } from './cursor'
import { Legend } from './Legend'
import { LineNames } from './LineNames'
import { StepAxis } from './StepAxis'
import { useHeatmapKeys } from './useHeatmapKeys'
import { useHeatmapPointer } from './useHeatmapPointer'
import { useSize } from './useSize'

const MAX_LINE_HEIGHT = 26
/** The minimum height for a block's button (target size). */
const MIN_LINE_HEIGHT_WITH_BLOCKS = 24
const MIN_LINE_HEIGHT = 6
/** The height of the step axis and the text below the picture, as in layers.css. */
const AXIS_HEIGHT = 64

export function Heatmap({ heatmap }: { heatmap: Answer }) {
  const { host, layers, view, evidence, server } = useTab()
  const { kind, column } = heatmap.header
  const lines = layers.lines.value
  const marks = layers.marks.value
  const range = view.current.value.steps ?? layers.whole.value
  const logarithmic = isLogarithmic(column)
  const cells = useMemo(() => lineCells(heatmap, lines, logarithmic), [heatmap, lines, logarithmic])
  const scale = useMemo(() => colourScale(cells.values, logarithmic), [cells, logarithmic])
  const has = useMemo(() => specials(cells.values, logarithmic), [cells, logarithmic])

  const room = useRef<HTMLDivElement>(null)
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [top, setTop] = useState(0)
  const [cursor, setCursor] = useState<Cursor | null>(null)
  const size = useSize(plot, room)
  const width = size.width
  // The room includes the step axis and the text.
  const height = Math.max(0, size.height - AXIS_HEIGHT)
  const minimum = lines.some(({ block }) => block !== null)
    ? MIN_LINE_HEIGHT_WITH_BLOCKS
    : MIN_LINE_HEIGHT
  const lineHeight = Math.max(
    minimum,
    Math.min(MAX_LINE_HEIGHT, Math.floor(height / lines.length) || minimum),
  )
  const visible = Math.min(height, lines.length * lineHeight)
  const dark = host.dark.value
  // Marks are sorted by severity, so the worst wins.
  const worst = useMemo(() => new Map(marks.map(({ line, severity }) => [line, severity])), [marks])
  useEffect(() => {
    if (!canvas.current || width === 0) return
    const picture = { cells, scale, marks, range, width, height: visible, lineHeight, top }
    paintHeatmap(canvas.current, picture, tokensFor(dark))
  }, [cells, scale, marks, range.from, range.to, width, visible, lineHeight, top, dark])

  const moveCursor = (next: Cursor | null) => {
    setCursor(next)
    evidence.cursor.value = next?.step ?? null
  }
  const activate = ({ line, step }: Cursor) => {
    const mark = markAt(marks, line, step) ?? marks.findLast((each) => each.line === line) ?? null
    if (mark) view.change({ opened: { run: mark.finding.run, id: mark.finding.id } })
    else if (lines[line]?.block) layers.toggleBlock(lines[line].block.key)
    return mark !== null
  }
  const activateAndGo = (at: Cursor) => {
    if (activate(at)) focusEvidence()
  }
  const picture = { lines, steps: cells.steps, range, whole: layers.whole.value, lineHeight, width }
  const zoom = (steps: typeof range | null) => view.change({ steps })
  const pointer = useHeatmapPointer(plot, picture, moveCursor, activate, zoom)
  const onKeyDown = useHeatmapKeys(frame, picture, cursor, moveCursor, activateAndGo, zoom)

  const linked = cursor?.step ?? evidence.cursor.value
  const across = linked === null ? -1 : (linked - range.from) / (range.to - range.from)
  const title = `${kindName(kind)}: ${columnName(column)}`
  return (
    <div class="heat">
      <Legend
        scale={scale}
        unit={unitOf(heatmap.header.column)}
        has={{ ...has, findings: marks.length > 0 }}
      />
      <div ref={room} class="heat-room">
        <div
          ref={frame}
          class="heat-frame"
          role="application"
          aria-roledescription="heatmap"
          aria-label={`${title}, ${count(lines.length, 'line')} over steps ${formatStep(range.from)} to ${formatStep(range.to)}`}
          aria-describedby="heat-reading"
          data-home
          // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is interactive
          tabIndex={0}
          onKeyDown={onKeyDown}
          onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
        >
          <div class="heat-body" style={{ height: `${lines.length * lineHeight}px` }}>
            <LineNames
              lines={lines}
              lineHeight={lineHeight}
              top={top}
              height={height}
              active={cursor?.line ?? -1}
              worst={worst}
            />
            <div ref={plot} class="heat-plot" {...pointer.handlers}>
              <canvas ref={canvas} style={{ height: `${visible}px` }} />
              {cursor && (
                <span
                  class="heat-line"
                  style={{ top: `${cursor.line * lineHeight}px`, height: `${lineHeight - 1}px` }}
                />
              )}
              {across >= 0 && across <= 1 && (
                <span class="band-cursor" style={{ left: `${100 * across}%` }} />
              )}
              {pointer.dragged && (
                <span
                  class="heat-drag"
                  style={{ left: `${pointer.dragged.left}px`, width: `${pointer.dragged.width}px` }}
                />
              )}
            </div>
          </div>
        </div>
        <StepAxis range={range} width={width} />
        <p id="heat-reading" class="heat-reading" aria-live={cursor?.spoken ? 'polite' : 'off'}>
          {cursor === null
            ? HINT
            : cellReading({ lines, cells, range, marks, column }, cursor, titleOf(server))}
        </p>
      </div>
    </div>
  )
}

const HINT =
  'Point at a cell to read it. Drag over steps to zoom, double-click for all; with the keyboard: arrows, + and −, 0, Enter.'

function specials(values: Float32Array, logarithmic: boolean) {
  let [zero, missing, infinite] = [false, false, false]
  for (const value of values) {
    if (Number.isNaN(value)) missing = true
    else if (!Number.isFinite(value)) infinite = true
    else if (logarithmic && value <= 0) zero = true
  }
  return { zero, missing, infinite }
}
