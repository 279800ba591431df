/** The step axis below the heatmap. */

import { formatStep } from '../../lib/numbers'
import { stepTicks } from '../../lib/step-axis'
import type { Range } from '../../lib/view-state'

const PIXELS_PER_TICK = 90

export function StepAxis({ range, width }: { range: Range; width: number }) {
  const ticks = stepTicks(range, width / PIXELS_PER_TICK)
  return (
    <div class="heat-axis" aria-hidden="true">
      {ticks.map((tick) => (
        <span
          key={tick}
          style={{ left: `${(100 * (tick - range.from)) / (range.to - range.from)}%` }}
        >
          {formatStep(tick)}
        </span>
      ))}
    </div>
  )
}
