/** The distribution of the magnitudes at the cursor's step, as bars. */

import type { Magnitudes } from '../../api'
import { barText, histogramAt } from '../../lib/histogram'
import { formatMeasured, formatValue } from '../../lib/numbers'
import { useTab } from '../context'
import { useEvidenceAxis } from './useEvidenceAxis'

export function HistogramFigure({ magnitudes }: { magnitudes: Magnitudes }) {
  const { evidence } = useTab()
  const { axis } = useEvidenceAxis()
  const histogram = histogramAt(magnitudes, evidence.cursor.value)
  if (histogram === null) return null
  const { bars, step } = histogram
  const most = Math.max(...bars.map(({ share }) => share || 0))
  const tallest = bars.find(({ share }) => share === most)
  const summary = tallest
    ? `most elements, ${formatMeasured(most, 'share')}, ${barText(tallest)}`
    : 'nothing recorded'
  return (
    <div class="histogram">
      <p class="legend">
        <span>Magnitudes at {axis.read(step)}</span>
        <span>{summary}</span>
      </p>
      <div class="bars" role="img" aria-label={`Magnitudes at step ${step}: ${summary}`}>
        {bars.map((bar) => (
          <span
            key={bar.from}
            title={`${formatMeasured(bar.share, 'share')} ${barText(bar)}`}
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
