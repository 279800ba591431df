/** The network as a chain of blocks in forward order, each in the colour of its worst finding. */

import { useMemo } from 'preact/hooks'
import type { Run } from '../../../contract'
import { findingsOfNodes } from '../../../lib/network-findings'
import { type DrawnNode, isMeasured } from '../../../lib/network-folds'
import { count, formatStep } from '../../../lib/numbers'
import { lowerFirst } from '../../../lib/verdict'
import { titleOf } from '../../../state/alerts'
import { useTab } from '../../context'

/** More blocks are thinner than their edges. */
const MOST = 60

export function Chain({ run, nodes }: { run: Run; nodes: readonly DrawnNode[] }) {
  const { view, server } = useTab()
  const part = server.parts.value.get(run.run)
  const found = useMemo(
    () =>
      findingsOfNodes(
        nodes,
        (part ?? []).map(({ finding }) => finding),
      ),
    [nodes, part],
  )
  if (nodes.length < 2 || nodes.length > MOST) return null
  const title = titleOf(server)
  const blocks = nodes.map((node) => {
    const { id, title: name } = node
    const [worst] = found.get(id) ?? []
    const measured = isMeasured(node)
    const said = worst
      ? `${worst.severity}, ${lowerFirst(title(worst.symptom))} from step ${formatStep(worst.opened_step)}`
      : measured
        ? 'nothing found'
        : 'not measured'
    return { id, name, worst, tone: worst?.severity ?? (measured ? 'healthy' : 'unknown'), said }
  })
  const ill = blocks.filter(({ worst }) => worst !== undefined).length
  return (
    <button
      class="chain"
      type="button"
      aria-label={`Network of ${run.run}: something was found in ${formatStep(ill)} of ${count(blocks.length, 'part')}`}
      onClick={() => view.change({ view: 'layers', picture: 'network', run: run.run })}
    >
      {blocks.map(({ id, name, tone, said }) => (
        <span key={id} class={`chain-block ${tone}`} title={`${name}: ${said}`}>
          <bdi>{name}</bdi>
        </span>
      ))}
    </button>
  )
}
