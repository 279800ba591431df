/** The controls of the view: statistic, blocks and steps. */

import { groupBy } from '../../lib/filter'
import { FOLD_THRESHOLD } from '../../lib/heatmap-rows'
import { isLargeNetwork } from '../../lib/network-size'
import { formatStep } from '../../lib/numbers'
import { chosenStatistic, columnName, formatStatistic, kindName } from '../../lib/statistics'
import { panned, zoomed } from '../../lib/step-axis'
import { PICTURES } from '../../lib/view-state'
import { useTab } from '../context'

export function LayersTools() {
  const { layers, view } = useTab()
  const { blocks, picture } = view.current.value
  const isNetwork = picture === 'network'
  const statistics = layers.statistics.value
  const statistic = layers.statistic.value
  const rows = layers.heatmap.value?.header.rows.length ?? 0
  const folded =
    blocks ?? (isNetwork ? isLargeNetwork(layers.tensors.value ?? []) : rows > FOLD_THRESHOLD)
  return (
    <div class="tools">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings */}
      <div role="group" aria-label="Picture" class="segments">
        {PICTURES.map((name) => (
          <button
            key={name}
            class="segment"
            type="button"
            aria-pressed={name === picture}
            onClick={() => view.change({ picture: name })}
          >
            {name}
          </button>
        ))}
      </div>
      <label class="labelled">
        <span>Statistic</span>
        <select
          class="field"
          value={statistic ? formatStatistic(statistic) : ''}
          onChange={({ currentTarget: { value } }) => {
            const first = chosenStatistic(statistics, '')
            view.change({
              statistic: first && formatStatistic(first) === value ? '' : value,
              ...(isNetwork ? { paint: 'statistic' } : {}),
            })
          }}
        >
          {[...groupBy(statistics, ({ kind }) => kind)].map(([kind, some]) => (
            <optgroup key={kind} label={kindName(kind)}>
              {some.map((each) => (
                <option key={each.column} value={formatStatistic(each)}>
                  {kindName(kind)}: {columnName(each.column)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <button
        class="button"
        type="button"
        aria-pressed={folded}
        title="One line for a block of layers: the mean of its tensors"
        onClick={() => view.change({ blocks: !folded, openBlocks: [] })}
      >
        Blocks
      </button>
      {!isNetwork && <StepTools />}
    </div>
  )
}

function StepTools() {
  const { layers, view } = useTab()
  const whole = layers.whole.value
  const { steps } = view.current.value
  const range = steps ?? whole
  const middle = (range.from + range.to) / 2
  const zoom = (factor: number) => view.change({ steps: zoomed(range, whole, factor, middle) })
  const pan = (share: number) =>
    view.change({ steps: panned(range, whole, share * (range.to - range.from)) })
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
    <div role="group" aria-label="Steps" class="tools export">
      <span class="muted steps-shown">
        Steps {formatStep(range.from)} to {formatStep(range.to)}
      </span>
      <button class="button" type="button" aria-label="Zoom in" onClick={() => zoom(0.5)}>
        +
      </button>
      <button
        class="button"
        type="button"
        aria-label="Zoom out"
        disabled={steps === null}
        onClick={() => zoom(2)}
      >
        −
      </button>
      <button
        class="button"
        type="button"
        aria-label="Earlier steps"
        disabled={steps === null}
        onClick={() => pan(-0.5)}
      >
        ◂
      </button>
      <button
        class="button"
        type="button"
        aria-label="Later steps"
        disabled={steps === null}
        onClick={() => pan(0.5)}
      >
        ▸
      </button>
      <button
        class="button"
        type="button"
        disabled={steps === null}
        onClick={() => view.change({ steps: null })}
      >
        All steps
      </button>
    </div>
  )
}
