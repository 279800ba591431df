/** What is known of the chosen node: its tensors, its findings, and where TensorBoard shows it. */

import { useEffect, useState } from 'preact/hooks'
import type { RunGraph } from '../../api'
import type { Finding } from '../../contract'
import { graphLink } from '../../lib/deep-link'
import type { DrawnNode } from '../../lib/network-folds'
import { count, formatStep } from '../../lib/numbers'
import { sameFinding, titleOf } from '../../state/alerts'
import { useTab } from '../context'

interface NodeReadingProps {
  node: DrawnNode | null
  /** Of all steps, the worst first. */
  findings: readonly Finding[]
  /** The number of links that only give the order. */
  unknown: number
}

const MAX_FINDINGS = 12

export function NodeReading({ node, findings, unknown }: NodeReadingProps) {
  const { view, server } = useTab()
  const title = titleOf(server)
  if (node === null) {
    return (
      <div class="node-reading muted">
        <p>A click on a node opens its evidence; a click on a block opens the block.</p>
        {unknown > 0 && (
          <p>Dotted links give only the order: where values come from was not recorded there.</p>
        )}
      </div>
    )
  }
  const [only] = node.members
  const { within } = node
  const close = () =>
    view.change({
      openBlocks: view.current.peek().openBlocks.filter((block) => block !== within),
    })
  return (
    <section class="node-reading" aria-label="Chosen node">
      <h2>
        <bdi class="mono">{node.title}</bdi>
      </h2>
      {node.block !== null && <p class="muted">{count(node.members.length, 'layer')}, folded</p>}
      {within !== null && (
        <button class="button" type="button" onClick={close}>
          Fold its block
        </button>
      )}
      {node.block === null && only && (
        <>
          {only.between !== '' && <p class="muted">Before it, not measured: {only.between}</p>}
          <ul class="node-tensors">
            {only.tensors.map(({ kind, tensor, shape, not_measured }) => (
              <li key={`${kind} ${tensor}`}>
                <span class="kind">{kind}</span> <bdi class="mono">{tensor}</bdi>{' '}
                <span class="muted">
                  {not_measured !== '' ? `not measured: ${not_measured}` : shapeText(shape)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {findings.length === 0 && <p class="muted">Nothing was found here.</p>}
      {findings.slice(0, MAX_FINDINGS).map((finding) => (
        <button
          key={finding.id}
          class="finding-line"
          type="button"
          aria-pressed={sameFinding(finding, view.current.value.opened)}
          onClick={() => view.change({ opened: { run: finding.run, id: finding.id } })}
        >
          <span class={`chip ${finding.severity}`}>{finding.severity}</span>{' '}
          {title(finding.symptom)}, <bdi class="mono">{finding.tensor}</bdi>, step{' '}
          {formatStep(finding.opened_step)}
        </button>
      ))}
      {findings.length > MAX_FINDINGS && (
        <p class="muted">and {findings.length - MAX_FINDINGS} more</p>
      )}
      {node.block === null && only?.kind === 'layer' && <GraphLink layer={only.layer} />}
    </section>
  )
}

function shapeText(shape: readonly number[]): string {
  return shape.map((size) => (size < 0 ? 'batch' : size)).join(' × ')
}

/** A link to TensorBoard's graph of the run, if that has a node of the layer's name. */
function GraphLink({ layer }: { layer: string }) {
  const { host, layers } = useTab()
  const graph = useGraph(layers.run.value)
  const node = graph?.nodes.find((name) => name === layer || name.endsWith(`/${layer}`))
  if (!graph || node === undefined) return null
  const link = graphLink(graph.run)
  return (
    <p>
      <a
        href={host.href(link)}
        target="_parent"
        onClick={(event) => {
          if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          host.open(link)
        }}
      >
        Graphs
      </a>{' '}
      <span class="muted">
        shows it as <bdi class="mono">{node}</bdi>
      </span>
    </p>
  )
}

function useGraph(run: string | null): RunGraph | null {
  const { layers } = useTab()
  const [graph, setGraph] = useState<RunGraph | null>(null)
  useEffect(() => {
    let current = true
    setGraph(null)
    if (run === null) return
    layers.graph(run).then(
      (answer) => {
        if (current) setGraph(answer)
      },
      // TensorBoard runs without its tab Graphs.
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [run, layers])
  return graph
}
