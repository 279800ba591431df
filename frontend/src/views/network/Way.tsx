/** The way of an incident in words. */

import type { Finding } from '../../contract'
import { groupBy } from '../../lib/filter'
import type { Stop } from '../../lib/network-findings'
import type { DrawnNode } from '../../lib/network-folds'
import { formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { useMedia } from '../useMedia'

interface WayProps {
  nodes: readonly DrawnNode[]
  way: ReadonlyMap<string, Stop>
  lead: Finding | null
  onPlay: () => void
}

/** More positions are summed up. */
const SHOWN = 4

export function Way({ nodes, way, lead, onPlay }: WayProps) {
  const { server } = useTab()
  const still = useMedia('(prefers-reduced-motion: reduce)')
  if (lead === null) return <p class="network-way muted">Nothing was found in this run.</p>
  const stops = nodes.flatMap((node) => {
    const stop = way.get(node.id)
    return stop ? [{ node, stop }] : []
  })
  const groups = [...groupBy(stops, ({ stop }) => String(stop.position))].sort(
    ([a], [b]) => Number(a) - Number(b),
  )
  return (
    <p class="network-way">
      {titleOf(server)(lead.symptom)}:{' '}
      {groups.length === 0 && <span class="muted">not in any node up to this step</span>}
      {groups.slice(0, SHOWN).map(([position, members], i) => (
        <span key={position}>
          {i > 0 && <span class="muted"> → </span>}
          <span class="stop">{position}</span> <bdi class="mono">{members[0]?.node.title}</bdi>
          {members.length > 1 && ` and ${formatStep(members.length - 1)} more`}{' '}
          <span class="muted">step {formatStep(members[0]?.stop.step ?? null)}</span>
        </span>
      ))}
      {groups.length > SHOWN && (
        <span class="muted">
          {' '}
          → … until step {formatStep(groups.at(-1)?.[1][0]?.stop.step ?? null)}
        </span>
      )}
      {!still && stops.length > 1 && (
        <button
          class="button play"
          type="button"
          title="Shows the nodes one after another as the incident reached them"
          onClick={onPlay}
        >
          <span aria-hidden="true">▸</span> Play
        </button>
      )}
    </p>
  )
}
