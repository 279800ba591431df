import type { Column } from '../../lib/frame'
import { formatStep, formatValue } from '../../lib/numbers'
import { linePath, type ValueAxis } from '../../lib/small-chart'
import type { Range } from '../../lib/view-state'

const SIZE = { width: 240, height: 54 }
/** Room for the width of a line. */
const EDGE = 2

interface SmallChartProps {
  caption: string
  steps: Column
  values: Column
  /** A second line, dotted. */
  limit?: Column
  range: Range
  axis: ValueAxis
}

export function SmallChart({ caption, steps, values, limit, range, axis }: SmallChartProps) {
  const path = (column: Column) => linePath(steps, column, range, axis, SIZE)
  const finite = Array.from(values).filter(Number.isFinite)
  const bad = Array.from(values).findIndex((value) => !Number.isFinite(value))
  const label = `${caption}: ${formatValue(finite[0] ?? null)} at first, ${formatValue(finite.at(-1) ?? null)} as the last finite value`
  return (
    <figure class="small-chart">
      <figcaption>{caption}</figcaption>
      <svg
        role="img"
        aria-label={label}
        viewBox={`${-EDGE} ${-EDGE} ${SIZE.width + 2 * EDGE} ${SIZE.height + 2 * EDGE}`}
        preserveAspectRatio="none"
      >
        <path class="small-line" d={path(values)} />
        {limit && <path class="small-limit" d={path(limit)} />}
      </svg>
      <div class="bars-axis">
        <span>{formatStep(range.from)}</span>
        {limit === undefined && bad >= 0 && (
          <span class="not-finite">not finite from step {formatStep(steps[bad] ?? null)}</span>
        )}
        <span>{formatStep(range.to)}</span>
      </div>
    </figure>
  )
}
