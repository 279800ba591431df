/** The losses of the compared runs. */

import { useEffect, useRef } from 'preact/hooks'
import { drawLosses, type Loss } from '../../draw/losses'
import { drawable } from '../../lib/chart-series'
import { formatStep } from '../../lib/numbers'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'

const HEIGHT = 150

export function LossChart({ runs }: { runs: readonly string[] }) {
  const { host, comparison, alerts } = useTab()
  const element = useRef<HTMLDivElement>(null)
  const dark = host.dark.value
  const losses = comparison.losses.value
  const series = runs.map((run) => losses.get(run) ?? null)
  useEffect(() => {
    const parent = element.current
    const tokens = tokensFor(dark)
    const drawn = runs.flatMap((run, i): Loss[] => {
      const [steps, values] = [series[i]?.columns.get('step'), series[i]?.columns.get('mean')]
      if (!steps || !values) return []
      const colour = tokens.runs[alerts.runColours.peek().get(run) ?? 0] ?? tokens.series
      // Two of many runs may have the same colour.
      const dashed = i > 0
      return [{ steps: Array.from(steps), values: drawable(values, false), colour, dashed }]
    })
    if (!parent || drawn.length === 0) return
    const chart = drawLosses(parent, drawn, tokens, parent.clientWidth || 480, HEIGHT)
    const observer = new ResizeObserver(() => {
      // Zero while TensorBoard hides the tab.
      if (parent.clientWidth > 0) chart.resize(parent.clientWidth)
    })
    observer.observe(parent)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [dark, runs.join('\n'), ...series])
  const lineColour = (run: string) => ({
    '--line': `var(--run-${alerts.runColours.value.get(run) ?? 0})`,
  })
  const nonFinite = (run: string) => {
    const since = alerts.runOf.value.get(run)?.loss.non_finite_since ?? null
    return since === null ? '' : ` NaN since ${formatStep(since)}`
  }
  if (runs.every((run) => losses.get(run) === null)) {
    return <p class="muted">Neither run has recorded a loss.</p>
  }
  return (
    <figure class="chart">
      <figcaption class="caption">Loss</figcaption>
      <div
        ref={element}
        class="plot"
        role="img"
        aria-label={`Loss of ${runs.join(' and ')} over the steps`}
        style={{ minHeight: `${HEIGHT}px` }}
      />
      <p class="legend">
        {runs.map((run, i) => (
          <span key={run} class={i > 0 ? 'loss-key dashed' : 'loss-key'} style={lineColour(run)}>
            <bdi>{run}</bdi>
            {nonFinite(run)}
          </span>
        ))}
      </p>
    </figure>
  )
}
