/** The view Layers: a heatmap of every layer over the steps. */

import { columnName, kindName } from '../../lib/statistics'
import { isUnhealthy } from '../../lib/verdict'
import { useTab } from '../context'
import { createLazy } from '../lazy'
import { Heatmap } from './Heatmap'
import { LayersTools } from './LayersTools'

/** The graph comes with a layout library. */
const network = createLazy(() => import('../../network'))
export const loadNetwork = network.load

export function Layers() {
  const { layers, view, server, alerts } = useTab()
  const run = layers.run.value
  const statistic = layers.statistic.value
  const failure = layers.failure.value
  const isNetwork = view.current.value.picture === 'network'
  const shownRun = alerts.runOf.value.get(run ?? '')
  return (
    <>
      <div class="verdict-block">
        <h1>
          {statistic === null || isNetwork
            ? isNetwork
              ? 'Network'
              : 'Layers'
            : `${kindName(statistic.kind)}: ${columnName(statistic.column)}`}
          {run !== null && (
            <>
              {' '}
              of <bdi>{run}</bdi>
            </>
          )}
        </h1>
        <p class="facts">
          {view.current.value.run === null && shownRun && (
            <>
              {isUnhealthy(shownRun) ? 'The run that needs a look first' : 'Shown first'}; choose
              another among the runs.{' '}
            </>
          )}
          Layers in forward order, the input on top.
          {(layers.waiting.value || server.page.value !== null) && ' Reading…'}
        </p>
      </div>
      <LayersTools />
      {failure !== null && <p class="notice">The layers could not be read: {failure}</p>}
      {isNetwork ? <network.Slot>{({ Network }) => <Network />}</network.Slot> : <Cells />}
    </>
  )
}

function Cells() {
  const { layers } = useTab()
  const heatmap = layers.heatmap.value
  const fits = heatmap !== null && heatmap.header.run === layers.run.value
  const lines = layers.lines.value
  return (
    <>
      {fits && lines.length > 0 && <Heatmap heatmap={heatmap} />}
      {fits && lines.length === 0 && (
        <p class="notice">
          {heatmap.header.rows.length === 0
            ? 'Nothing of this kind was measured.'
            : 'No layer matches the filter.'}
        </p>
      )}
      {!fits && layers.failure.value === null && (
        <p class="notice">
          {layers.waiting.value ? 'Reading the layers…' : 'This run has measured no layer yet.'}
        </p>
      )}
    </>
  )
}
