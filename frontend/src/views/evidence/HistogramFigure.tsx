/** The distribution of the magnitudes at the cursor's step, as bars. */

import { useState } from 'preact/hooks'
import type { Magnitudes } from '../../api'
import { barText, histogramAt } from '../../lib/histogram'
import { formatMeasured, formatValue } from '../../lib/numbers'
import { useTab } from '../context'
import { useEvidenceAxis } from './useEvidenceAxis'

export function HistogramFigure({ magnitudes }: { magnitudes: Magnitudes }) {
  const { evidence } = useTab()
  const { axis } = useEvidenceAxis()
  const [pointed, point] = useState<number | null>(null)
  const histogram = histogramAt(magnitudes, evidence.cursor.value)
  if (histogram === null) return null
  const { bars, step } = histogram
  const most = Math.max(...bars.map(({ share }) => share || 0))
  const tallest = bars.find(({ share }) => share === most)
  const summary = tallest
    ? `most elements, ${formatMeasured(most, 'share')}, ${barText(tallest)}`
    : 'nothing recorded'
  const bar = pointed === null ? undefined : bars[pointed]
  const read = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const at = Math.floor(((event.clientX - box.left) / Math.max(1, box.width)) * bars.length)
    point(Math.min(bars.length - 1, Math.max(0, at)))
  }
  return (
    <div class="histogram">
      <p class="legend">
        <span>Magnitudes at {axis.read(step)}</span>
        <span>{bar ? `${formatMeasured(bar.share, 'share')} ${barText(bar)}` : summary}</span>
      </p>
      <div
        class="bars"
        role="img"
        aria-label={`Magnitudes at step ${step}: ${summary}`}
        onPointerDown={read}
        onPointerMove={read}
        // The reading of a tap stays.
        onPointerLeave={({ pointerType }) => pointerType !== 'touch' && point(null)}
      >
        {bars.map((bar, i) => (
          <span
            key={bar.from}
            class={i === pointed ? 'pointed' : ''}
            style={{ height: `${most > 0 ? (100 * (bar.share || 0)) / most : 0}%` }}
          />
        ))}
      </div>
      <p class="bars-axis">
        <span>{formatValue(bars[0]?.from ?? 0)}</span>
        <span>magnitude</span>
        <span>{formatValue(bars.at(-1)?.from ?? 0)}</span>
      </p>
    </div>
  )
}
