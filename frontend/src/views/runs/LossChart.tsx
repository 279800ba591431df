/** The losses of the compared runs. */

import { useEffect, useRef } from 'preact/hooks'
import { drawLosses, type Loss } from '../../draw/losses'
import { drawable } from '../../lib/chart-series'
import { formatStep } from '../../lib/numbers'
import { styleOf } from '../../lib/run-colour'
import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { Swatch } from '../Swatch'

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
      const { colour, dash } = styleOf(alerts.runColours.peek().get(run) ?? 0)
      return [
        {
          steps: Array.from(steps),
          values: drawable(values, false),
          colour: tokens.runs[colour] ?? tokens.series,
          dash: [...dash],
        },
      ]
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
  const nonFinite = (run: string) => {
    const since = alerts.runOf.value.get(run)?.loss.non_finite_since ?? null
    return since === null ? '' : ` NaN since ${formatStep(since)}`
  }
  if (runs.every((run) => losses.get(run) === null)) {
    return <p class="muted">None of these runs has recorded a loss.</p>
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
        {runs.map((run) => (
          <span key={run} class="loss-key">
            <LineKey run={run} />
            <bdi>{run}</bdi>
            {nonFinite(run)}
          </span>
        ))}
      </p>
    </figure>
  )
}

/** The run's line, with its dash, and its marker. */
export function LineKey({ run }: { run: string }) {
  const { alerts } = useTab()
  const { colour, dash } = styleOf(alerts.runColours.value.get(run) ?? 0)
  return (
    <>
      <svg class="line-key" width={26} height={8} aria-hidden="true">
        <path
          d="M0 4H26"
          stroke={`var(--run-${colour})`}
          stroke-width={2}
          stroke-dasharray={dash.join(' ')}
        />
      </svg>
      <Swatch run={run} />
    </>
  )
}
