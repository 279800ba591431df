import { useMemo } from 'preact/hooks'
import type { Finding, Symptom } from '../../contract'
import { chartSeries } from '../../lib/chart-series'
import { useTab } from '../context'
import { LineChart } from './LineChart'

export function EvidenceCharts({
  finding,
  symptom,
}: {
  finding: Finding
  symptom: Symptom | undefined
}) {
  const { evidence } = useTab()
  const series = evidence.series.value
  const failure = evidence.failure.value
  const charts = useMemo(() => (series ? chartSeries(series, symptom) : []), [series, symptom])
  return (
    <>
      {failure !== null && <p class="muted">The series could not be read: {failure}</p>}
      {series === null && failure === null && <p class="muted">Reading the series…</p>}
      <div class="charts">
        {charts.map((chart) => (
          <LineChart key={chart.name} series={chart} finding={finding} />
        ))}
      </div>
    </>
  )
}
