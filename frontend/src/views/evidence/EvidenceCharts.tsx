/** All charts of one finding over one step axis, with a shared cursor. */

import { useMemo } from 'preact/hooks'
import type { Evidence } from '../../api'
import type { Finding, Symptom } from '../../contract'
import { magnitudesBand, neighboursBand } from '../../lib/band'
import { chartSeries, rateSeries, stepsSeries } from '../../lib/chart-series'
import { neighboursOf } from '../../lib/layer-neighbours'
import { formatMeasured } from '../../lib/numbers'
import { columnName, unitOf } from '../../lib/statistics'
import type { Range } from '../../lib/view-state'
import { useTab } from '../context'
import { BandFigure } from './BandFigure'
import { LineChart } from './LineChart'

interface EvidenceChartsProps {
  finding: Finding
  symptom: Symptom | undefined
}

export function EvidenceCharts({ finding, symptom }: EvidenceChartsProps) {
  const { evidence } = useTab()
  const series = evidence.series.value
  const failure = evidence.failure.value
  return (
    <>
      {failure !== null && <p class="muted">The series could not be read: {failure}</p>}
      {series === null && failure === null && <p class="muted">Reading the series…</p>}
      {series !== null && <Drawings finding={finding} symptom={symptom} series={series} />}
    </>
  )
}

function Drawings({ finding, symptom, series }: EvidenceChartsProps & { series: Evidence }) {
  const { evidence } = useTab()
  const details = evidence.details.value
  const charts = useMemo(() => chartSeries(series, symptom), [series, symptom])
  const logarithmic = symptom?.logarithmic ?? false
  const steps = useMemo(
    () => stepsSeries(details?.steps ?? null, logarithmic),
    [details?.steps, logarithmic],
  )
  const rate = useMemo(() => rateSeries(details?.learningRate ?? null), [details?.learningRate])
  const whole = useMemo(() => wholeRange(series), [series])
  const range = evidence.zoom.value ?? whole
  const line = (chart: typeof steps, own = range) =>
    chart && <LineChart key={chart.name} series={chart} finding={finding} range={own} />
  const loss = charts.find(({ name }) => name === 'loss') ?? null
  return (
    <div class="charts">
      {charts.filter(({ name }) => name !== 'loss').map((chart) => line(chart))}
      {line(steps, evidence.zoom.value ?? (steps ? edges(steps.steps) : whole))}
      <MagnitudesFigure range={range} />
      <NeighboursFigure finding={finding} range={range} />
      {line(loss)}
      {line(rate)}
      {evidence.zoom.value !== null && (
        <button
          class="button zoom-out"
          type="button"
          onClick={() => {
            evidence.zoom.value = null
          }}
        >
          Show all steps
        </button>
      )}
    </div>
  )
}

function MagnitudesFigure({ range }: { range: Range }) {
  const magnitudes = useTab().evidence.details.value?.magnitudes ?? null
  const band = useMemo(() => magnitudes && magnitudesBand(magnitudes), [magnitudes])
  if (!band) return null
  return (
    <BandFigure
      title="Magnitudes over time"
      summary={`Share of elements by magnitude over time, the largest from ${band.labels[0]?.text}`}
      band={band}
      colour="series"
      range={range}
      rowHeight={8}
    />
  )
}

function NeighboursFigure({ finding, range }: { finding: Finding; range: Range }) {
  const heatmap = useTab().evidence.details.value?.heatmap ?? null
  const neighbours = useMemo(
    () => heatmap && neighboursOf(heatmap, finding.tensor),
    [heatmap, finding.tensor],
  )
  const unit = unitOf(heatmap?.header.column ?? '')
  const band = useMemo(
    () => neighbours && neighboursBand(neighbours, (value) => formatMeasured(value, unit)),
    [neighbours, unit],
  )
  if (!heatmap || !neighbours || !band || band.rows < 2) return null
  const name = `${finding.kind} ${columnName(heatmap.header.column)}`
  return (
    <BandFigure
      title={`${name} in neighbouring layers`}
      summary={`${name} of ${band.rows} tensors in forward order; this one is number ${band.own + 1}`}
      band={band}
      colour="info"
      range={range}
      rowHeight={10}
    />
  )
}

function wholeRange(series: Evidence): Range {
  return edges(series.columns.get('step') ?? [])
}

function edges(steps: ArrayLike<number>): Range {
  const [from, to] = [steps[0] ?? 0, steps[steps.length - 1] ?? 1]
  return to > from ? { from, to } : { from: from - 1, to: from + 1 }
}
