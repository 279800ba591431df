/** The controls of the network: what colours it, the incident and the step. */

import { formatStep } from '../../lib/numbers'
import { columnName, kindName } from '../../lib/statistics'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import type { Incident } from './Network'

interface NetworkToolsProps {
  /** The steps that the slider stops at. */
  steps: Float64Array
  cell: number
  incidents: readonly Incident[]
  chosen: Incident | null
}

export function NetworkTools({ steps, cell, incidents, chosen }: NetworkToolsProps) {
  const { view, layers, server } = useTab()
  const { paint, at } = view.current.value
  const statistic = layers.statistic.value
  const title = titleOf(server)
  return (
    <div class="tools">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings */}
      <div role="group" aria-label="Colours" class="segments">
        <button
          class="segment"
          type="button"
          aria-pressed={paint === 'findings'}
          onClick={() => view.change({ paint: 'findings' })}
        >
          Findings
        </button>
        <button
          class="segment"
          type="button"
          aria-pressed={paint === 'statistic'}
          disabled={statistic === null}
          onClick={() => view.change({ paint: 'statistic' })}
        >
          {statistic ? `${kindName(statistic.kind)}: ${columnName(statistic.column)}` : 'Statistic'}
        </button>
      </div>
      {incidents.length > 0 && (
        <label class="labelled">
          <span>Way of</span>
          <select
            class="field"
            value={chosen?.key ?? ''}
            onChange={({ currentTarget: { value } }) => view.change({ incident: value })}
          >
            {incidents.map(({ key, lead, findings }) => (
              <option key={key} value={key}>
                {title(lead.symptom)}, {lead.tensor}, step {formatStep(lead.opened_step)}
                {findings.length > 1 && ` (${findings.length})`}
              </option>
            ))}
          </select>
        </label>
      )}
      {steps.length > 1 && (
        <div class="step-slider">
          <label>
            <span>Step</span>{' '}
            <input
              type="range"
              min={0}
              max={steps.length - 1}
              value={cell}
              aria-valuetext={at === null ? 'all steps' : `step ${formatStep(at)}`}
              onInput={({ currentTarget: { value } }) =>
                view.change({ at: Math.round(steps[Number(value)] ?? 0) })
              }
            />
          </label>
          <output>{at !== null ? formatStep(at) : paint === 'statistic' ? 'last' : 'all'}</output>
          <button
            class="button"
            type="button"
            aria-pressed={at === null}
            title="Findings of any step; of a statistic its last value"
            onClick={() => view.change({ at: null })}
          >
            All steps
          </button>
        </div>
      )}
    </div>
  )
}
