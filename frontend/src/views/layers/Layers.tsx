/** The view Layers: a heatmap of every layer over the steps. */

import { columnName, kindName } from '../../lib/statistics'
import { isUnhealthy } from '../../lib/verdict'
import { useTab } from '../context'
import { Heatmap } from './Heatmap'
import { LayersTools } from './LayersTools'

export function Layers() {
  const { layers, view, server, alerts } = useTab()
  const run = layers.run.value
  const statistic = layers.statistic.value
  const heatmap = layers.heatmap.value
  const failure = layers.failure.value
  const fits = heatmap !== null && heatmap.header.run === run
  const lines = layers.lines.value
  const shownRun = alerts.runOf.value.get(run ?? '')
  return (
    <>
      <div class="verdict-block">
        <h1>
          {statistic === null
            ? 'Layers'
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
      {fits && lines.length > 0 && <Heatmap heatmap={heatmap} />}
      {fits && lines.length === 0 && (
        <p class="notice">
          {heatmap.header.rows.length === 0
            ? 'Nothing of this kind was measured.'
            : 'No layer matches the filter.'}
        </p>
      )}
      {!fits && failure === null && (
        <p class="notice">
          {layers.waiting.value ? 'Reading the layers…' : 'This run has measured no layer yet.'}
        </p>
      )}
    </>
  )
}
