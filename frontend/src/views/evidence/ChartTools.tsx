/** The controls of all charts of a finding: the horizontal axis, smoothing, and the way back from a zoom. */

import { MAX_SMOOTHING } from '../../lib/smoothing'
import { useTab } from '../context'
import { useEvidenceAxis } from './useEvidenceAxis'

export function ChartTools() {
  const { evidence } = useTab()
  const smoothing = evidence.smoothing.value
  return (
    <div class="chart-tools">
      <AxisChoice />
      <label class="smoothing" title="Exponential moving average, as in the tab Scalars">
        Smoothing
        <input
          type="range"
          min={0}
          max={MAX_SMOOTHING}
          step={0.01}
          value={smoothing}
          onInput={({ currentTarget }) => evidence.smooth(Number(currentTarget.value))}
        />
        <output>{smoothing.toFixed(2)}</output>
      </label>
      {evidence.zoom.value !== null && (
        <button
          class="button"
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

function AxisChoice() {
  const { view } = useTab()
  const { axis, axes } = useEvidenceAxis()
  if (axes.length < 2) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
    <div class="segments" role="group" aria-label="Horizontal axis">
      {axes.map(({ name }) => (
        <button
          key={name}
          class="segment"
          type="button"
          aria-pressed={name === axis.name}
          onClick={() => view.change({ axis: name })}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
