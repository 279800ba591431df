/** A line chart as a figure: caption, canvas, and a legend with the values under the cursor. */

import { useMemo } from 'preact/hooks'
import type { Finding, Unit } from '../../contract'
import type { ChartSeries, Line } from '../../lib/chart-series'
import { labelTerm } from '../../lib/glossary'
import { formatMeasured, formatStep } from '../../lib/numbers'
import { withSmoothing } from '../../lib/smoothing'
import type { Range } from '../../lib/view-state'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { Term } from '../Term'
import { Download } from './Download'
import { useChart } from './useChart'
import { useEvidenceAxis } from './useEvidenceAxis'

export interface LineChartProps {
  series: ChartSeries
  finding: Finding
  range: Range
}

export function LineChart({ series: measured, finding, range }: LineChartProps) {
  const { evidence, host } = useTab()
  const { axis } = useEvidenceAxis()
  const weight = evidence.smoothing.value
  const series = useMemo(() => withSmoothing(measured, weight), [measured, weight])
  const plot = useChart(series, finding, range, axis)
  const step = evidence.cursor.value
  const at = step === null ? lastKnown(series) : nearest(series.steps, step)
  const shownStep = series.steps[at]
  const term = labelTerm(series.title)
  const title = `${term.text} of ${finding.tensor} in ${finding.run}`
  return (
    <figure class="chart">
      <div class="chart-head">
        <figcaption class="caption">
          <Term term={term} />
          {series.logarithmic && <span class="aside"> log scale</span>}
        </figcaption>
        <Download
          title={title}
          save={(later, kind) => {
            const frame = { title, range, axis, colours: tokensFor(host.dark.peek()) }
            return later.saveSeries(kind, series, measured, frame)
          }}
        />
      </div>
      <div ref={plot} class="plot" role="img" aria-label={summary(measured, term.text)} />
      <p class="legend">
        {shownStep !== undefined && <span>{axis.read(shownStep)}</span>}
        {series.lines
          .filter(({ faint }) => !faint)
          .map((line) => (
            <span key={line.column} class={`key ${line.column}`}>
              {shortLabel(line)} {valueAt(line, at, series.unit)}
            </span>
          ))}
        {series.events.length > 0 && <span class="key event">no finite value</span>}
      </p>
    </figure>
  )
}

/** The index of the point closest to a step of another chart. */
function nearest(steps: readonly number[], step: number): number {
  const after = steps.findIndex((other) => other >= step)
  if (after < 0) return steps.length - 1
  const before = Math.max(0, after - 1)
  return step - (steps[before] ?? step) < (steps[after] ?? step) - step ? before : after
}

/** The index of the newest point, for the legend without a cursor. */
function lastKnown({ steps, lines }: ChartSeries): number {
  return lines[0]?.values.findLastIndex((value) => value !== null) ?? steps.length - 1
}

function valueAt({ values }: Line, index: number, unit: Unit): string {
  const value = values[index] ?? null
  return value === null ? '–' : formatMeasured(value, unit)
}

function shortLabel({ column, label }: Line): string {
  if (column === 'threshold') return 'limit'
  if (column === 'value') return label.endsWith('smoothed') ? 'measured, smoothed' : 'measured'
  return label
}

/** The text alternative: the first and last value of each line. */
function summary({ steps, lines, events, unit }: ChartSeries, title: string): string {
  const parts = lines.map((line) => {
    const first = line.values.findIndex((value) => value !== null)
    const last = line.values.findLastIndex((value) => value !== null)
    return `${shortLabel(line)} from ${valueAt(line, first, unit)} at step ${formatStep(steps[first] ?? null)} to ${valueAt(line, last, unit)} at step ${formatStep(steps[last] ?? null)}`
  })
  const [firstEvent] = events
  if (firstEvent !== undefined)
    parts.push(`no finite value first at step ${formatStep(firstEvent)}`)
  return `${title}: ${parts.join('; ')}`
}
