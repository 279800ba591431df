/** The chart that proves the finding, and the others, folded, over one axis with a shared cursor. */

import { useMemo } from 'preact/hooks'
import type { Evidence } from '../../api'
import type { Finding, Symptom } from '../../contract'
import { magnitudesBand, neighboursBand } from '../../lib/band'
import { kindTerm } from '../../lib/glossary'
import { neighboursOf } from '../../lib/layer-neighbours'
import { formatMeasured } from '../../lib/numbers'
import { columnName, unitOf } from '../../lib/statistics'
import type { Range } from '../../lib/view-state'
import { useTab } from '../context'
import { BandFigure } from './BandFigure'
import { ChartTools } from './ChartTools'
import { Folded } from './Folded'
import { HistogramFigure } from './HistogramFigure'
import { LineChart } from './LineChart'
import { useCharts } from './useCharts'

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
  const { proof, others, steps, stepsRange, range } = useCharts(series, symptom)
  return (
    <>
      {proof && <LineChart key={proof.name} series={proof} finding={finding} range={range} />}
      <ChartTools />
      <Folded title="All charts" remember="charts">
        <div class="charts">
          <NeighboursFigure finding={finding} range={range} />
          {others.map((chart) => (
            <LineChart key={chart.name} series={chart} finding={finding} range={range} />
          ))}
          {steps && <LineChart series={steps} finding={finding} range={stepsRange} />}
          <MagnitudesFigure finding={finding} range={range} />
        </div>
      </Folded>
    </>
  )
}

function MagnitudesFigure({ finding, range }: { finding: Finding; range: Range }) {
  const magnitudes = useTab().evidence.details.value?.magnitudes ?? null
  const band = useMemo(() => magnitudes && magnitudesBand(magnitudes), [magnitudes])
  if (!magnitudes || !band) return null
  return (
    <BandFigure
      title="Share of elements by magnitude"
      of={`${finding.tensor} in ${finding.run}`}
      summary={`Share of elements by magnitude over time, the largest from ${band.labels[0]?.text}`}
      band={band}
      colour="series"
      range={range}
      rowHeight={8}
    >
      <HistogramFigure magnitudes={magnitudes} />
    </BandFigure>
  )
}

const NAMES_WIDTH = 124

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
  const name = `${kindTerm(finding.kind).text} ${columnName(heatmap.header.column)}`
  return (
    <BandFigure
      title={`${name}: this layer and its neighbours`}
      of={`${finding.tensor} in ${finding.run}`}
      summary={`${name} of ${band.rows} tensors in forward order; this one is number ${band.own + 1}`}
      band={band}
      colour="info"
      range={range}
      rowHeight={16}
      left={NAMES_WIDTH}
    />
  )
}
