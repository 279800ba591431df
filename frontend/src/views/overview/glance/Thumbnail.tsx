/** A small picture of a statistic of all layers over the steps; a click opens it in the view Layers. */

import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Heatmap } from '../../../api'
import type { Run } from '../../../contract'
import { VIRIDIS_GRADIENT } from '../../../draw/colour-map'
import { paintHeatmap } from '../../../draw/heatmap'
import { lineCells } from '../../../lib/heatmap-cells'
import { heatmapLines, type Mark, marksOf } from '../../../lib/heatmap-rows'
import { colourScale } from '../../../lib/heatmap-scale'
import { formatTick } from '../../../lib/numbers'
import {
  columnName,
  formatStatistic,
  isLogarithmic,
  kindName,
  unitOf,
} from '../../../lib/statistics'
import { tokensFor } from '../../../theme/tokens'
import { useTab } from '../../context'
import { useSize } from '../../layers/useSize'

export function Thumbnail({ run, heatmap }: { run: Run; heatmap: Heatmap | null }) {
  if (heatmap === null || heatmap.header.rows.length === 0) return null
  return <Picture run={run} heatmap={heatmap} />
}

const everyTensor = () => true

function Picture({ run, heatmap }: { run: Run; heatmap: Heatmap }) {
  const { host, view, glance, server } = useTab()
  const frame = useRef<HTMLButtonElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width, height } = useSize(frame, frame)
  const { kind, column, rows } = heatmap.header
  const [from, to] = [run.first_step ?? 0, Math.max(run.last_step ?? 1, (run.first_step ?? 0) + 1)]
  // Large networks are folded into blocks, as in the view.
  const lines = useMemo(() => heatmapLines(rows, everyTensor, null, []), [rows])
  const logarithmic = isLogarithmic(column)
  const cells = useMemo(() => lineCells(heatmap, lines, logarithmic), [heatmap, lines, logarithmic])
  const scale = useMemo(() => colourScale(cells.values, logarithmic), [cells, logarithmic])
  const part = server.parts.value.get(run.run)
  const marks = useMemo((): readonly Mark[] => {
    const own = (part ?? []).filter(({ traits }) => traits.kind === kind && !traits.muted)
    return marksOf(
      lines,
      rows,
      own.map(({ finding }) => finding),
    )
  }, [part, lines, rows, kind])
  const dark = host.dark.value
  useEffect(() => {
    if (!canvas.current || width === 0 || height === 0) return
    const lineHeight = height / lines.length
    const picture = { cells, scale, marks, range: { from, to }, width, height, lineHeight, top: 0 }
    paintHeatmap(canvas.current, picture, tokensFor(dark))
  }, [cells, scale, marks, from, to, width, height, lines.length, dark])

  const title = `${kindName(kind)}: ${columnName(column)}`
  const step = glance.cursor.value
  const open = () =>
    view.change({
      view: 'layers',
      run: run.run,
      statistic: formatStatistic({ kind, column }),
      steps: null,
    })
  return (
    <figure class="glance-part">
      <figcaption class="caption">{title}, layer by layer</figcaption>
      <button
        ref={frame}
        class="thumbnail"
        type="button"
        aria-label={`Enlarge: ${title} of ${run.run} by layer and step`}
        title="Open in Layers"
        onClick={open}
      >
        <canvas ref={canvas} />
        {step !== null && (
          <span class="band-cursor" style={{ left: `${(100 * (step - from)) / (to - from)}%` }} />
        )}
      </button>
      <p class="legend">
        <span class="mini-ramp">
          {formatTick(scale.low, unitOf(column))}
          <i style={{ background: VIRIDIS_GRADIENT }} />
          {formatTick(scale.high, unitOf(column))}
        </span>
        <span>
          top: <bdi class="mono">{rows[0]?.tensor}</bdi>
        </span>
        <span>
          bottom: <bdi class="mono">{rows.at(-1)?.tensor}</bdi>
        </span>
      </p>
    </figure>
  )
}
