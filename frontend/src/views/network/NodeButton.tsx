import type { Finding } from '../../contract'
import { viridis } from '../../draw/colour-map'
import type { Stop } from '../../lib/network-findings'
import { type DrawnNode, isMeasured } from '../../lib/network-folds'
import { NODE, type Point } from '../../lib/network-layout'
import { count, formatMeasured, formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import type { Shown } from './Picture'

interface NodeButtonProps {
  node: DrawnNode
  centre: Point
  /** At the shown step, the worst first. */
  findings: readonly Finding[]
  stop: Stop | null
  paint: Shown['paint']
  /** Whether it matches the filter of layers. */
  matched: boolean
  active: boolean
  /** Whether the Tab key stops here; the arrow keys lead on. */
  reachable: boolean
  onOpen: () => void
  onFocus: () => void
  onKeyDown: (event: KeyboardEvent) => void
}

export function NodeButton(props: NodeButtonProps) {
  const { node, centre, findings, stop, paint, matched, active, reachable } = props
  const { server } = useTab()
  const [worst] = findings
  const value = paint?.valueOf(node.id) ?? null
  const measured = isMeasured(node)
  const tone = worst?.severity ?? (measured ? 'healthy' : 'unknown')
  const sort = sortOf(node)
  const said = [
    node.title,
    sort,
    worst
      ? `${worst.severity}, ${titleOf(server)(worst.symptom)} from step ${formatStep(worst.opened_step)}`
      : measured
        ? 'nothing found'
        : 'not measured',
    stop ? `reached as number ${stop.position}, at step ${formatStep(stop.step)}` : '',
    paint ? valueText(value, paint) : '',
    node.block === null ? '' : 'opens the block',
  ]
  return (
    <button
      type="button"
      class={`node ${paint ? 'painted' : tone}${stop ? ' on-way' : ''}${matched ? ' matched' : ''}`}
      style={{
        left: `${centre.x - NODE.width / 2}px`,
        top: `${centre.y - NODE.height / 2}px`,
        width: `${NODE.width}px`,
        height: `${NODE.height}px`,
        ...(paint ? { '--stripe': stripe(value, paint) } : {}),
      }}
      data-node={node.id}
      tabIndex={reachable ? 0 : -1}
      aria-current={active ? 'true' : undefined}
      aria-expanded={node.block === null ? undefined : false}
      aria-label={said.filter(Boolean).join(', ')}
      title={node.title}
      onClick={props.onOpen}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
    >
      <span class="node-name">
        {stop && <span class="stop">{stop.position}</span>}
        {node.block !== null && <span class="fold">▸</span>}
        <span class="node-title">
          <bdi>{node.title}</bdi>
        </span>
      </span>
      <span class="node-facts">
        <span>{sort}</span>
        {paint ? (
          <b>{valueText(value, paint)}</b>
        ) : (
          worst && (
            <b>
              {worst.severity}
              {findings.length > 1 && ` · ${findings.length}`}
            </b>
          )
        )}
      </span>
    </button>
  )
}

/** "12 layers", "relu · 8 × 8 × 16". */
function sortOf({ members, block }: DrawnNode): string {
  const [only] = members
  if (block !== null || !only) return count(members.length, 'layer')
  const shape = only.shape.filter((size) => size > 0).join(' × ')
  const name = only.kind === 'layer' ? only.activation : only.kind
  return [name === 'linear' ? '' : name, shape].filter(Boolean).join(' · ')
}

function valueText(value: number | null, { unit }: NonNullable<Shown['paint']>): string {
  return value === null ? 'not measured' : formatMeasured(value, unit)
}

function stripe(value: number | null, { scale }: NonNullable<Shown['paint']>): string {
  if (value === null) return 'var(--grid)'
  if (!Number.isFinite(value)) return 'var(--critical)'
  if (scale.logarithmic && value <= 0) return 'var(--reference)'
  return `rgb(${viridis(scale.position(value)).join(' ')})`
}
