/** The network as a graph: what was found where, and the way that an incident took. */

import { useMemo, useState } from 'preact/hooks'
import type { Finding } from '../../contract'
import { cellAt } from '../../lib/heatmap-cells'
import { colourScale } from '../../lib/heatmap-scale'
import { networkOf } from '../../lib/network'
import {
  findingsOfNodes,
  incidentOf,
  isOpenAt,
  linksOfWay,
  wayOf,
} from '../../lib/network-findings'
import { drawingKey, foldNetwork } from '../../lib/network-folds'
import { placeNetwork } from '../../lib/network-layout'
import { isLargeNetwork } from '../../lib/network-size'
import { nodeValue, rowsOfNodes } from '../../lib/network-values'
import { isLogarithmic, unitOf } from '../../lib/statistics'
import { useTab } from '../context'
import { Legend } from '../layers/Legend'
import { NetworkTools } from './NetworkTools'
import { NodeReading } from './NodeReading'
import { Picture, type Shown } from './Picture'
import { Way } from './Way'

export function Network() {
  const { layers, view, server, alerts } = useTab()
  const run = layers.run.value
  const tensors = layers.tensors.value
  const heatmap = layers.heatmap.value
  const part = server.parts.value.get(run ?? '')
  const { blocks, openBlocks, paint, at, incident, opened, layerFilter } = view.current.value
  const network = useMemo(() => networkOf(tensors ?? []), [tensors])
  const drawn = useMemo(
    () => foldNetwork(network, blocks ?? isLargeNetwork(tensors ?? []), openBlocks),
    [network, tensors, blocks, openBlocks],
  )
  // A new record brings the same network.
  const placed = useMemo(() => placeNetwork(drawn), [drawingKey(drawn)])
  const all = useMemo(
    () =>
      findingsOfNodes(
        drawn.nodes,
        (part ?? []).map(({ finding }) => finding),
      ),
    [drawn, part],
  )
  const incidents = useMemo(() => incidentsOf((part ?? []).map(({ finding }) => finding)), [part])
  const found = useMemo(
    () => new Map([...all].map(([id, some]) => [id, some.filter((each) => isOpenAt(each, at))])),
    [all, at],
  )
  const openedFinding = opened?.run === run ? findingOf(incidents, opened?.id) : null
  const chosen =
    incidents.find(({ key }) => key === incident) ??
    incidents.find(({ key }) => key === (openedFinding && incidentOf(openedFinding))) ??
    incidents[0] ??
    null
  const key = chosen?.key ?? ''
  const whole = useMemo(() => wayOf(all, key), [all, key])
  const way = useMemo(
    () => new Map([...whole].filter(([, { step }]) => at === null || step <= at)),
    [whole, at],
  )
  const wayLinks = useMemo(() => linksOfWay(drawn, way), [drawn, way])

  const fits = heatmap !== null && heatmap.header.run === run
  const painted = paint === 'statistic' && fits ? heatmap : null
  const column = painted?.header.column ?? ''
  const logarithmic = isLogarithmic(column)
  const scale = useMemo(
    () => painted && colourScale(painted.columns.get('value') ?? [], logarithmic),
    [painted, logarithmic],
  )
  const rows = useMemo(
    () => painted && rowsOfNodes(drawn.nodes, painted.header.rows),
    [painted, drawn],
  )
  const steps = fits ? Float64Array.from(heatmap.columns.get('step') ?? []) : new Float64Array()
  const cell = at === null ? steps.length - 1 : Math.max(0, cellAt(steps, at))
  const [active, setActive] = useState<string | null>(null)
  const [played, setPlayed] = useState(0)
  if (tensors === null) return <p class="notice">Reading the layers…</p>
  if (drawn.nodes.length === 0) return <p class="notice">This run has measured no layer yet.</p>
  const { matches } = alerts.layerPattern.value
  const matched = new Set(
    layerFilter === ''
      ? []
      : drawn.nodes
          .filter(({ members }) =>
            members.some(({ id, tensors }) =>
              [id, ...tensors.map(({ tensor }) => tensor)].some(matches),
            ),
          )
          .map(({ id }) => id),
  )
  const [firstMatch] = matched
  const shown: Shown = {
    drawn,
    placed,
    found,
    way,
    wayLinks,
    matched,
    paint: painted &&
      scale && {
        scale,
        unit: unitOf(column),
        valueOf: (id) => nodeValue(rows?.get(id) ?? [], painted, cell, logarithmic),
      },
  }
  const first = [...whole].sort(([, a], [, b]) => a.position - b.position)[0]?.[0]
  const current = drawn.nodes.find(({ id }) => id === active) ?? null
  return (
    <div class="network">
      <NetworkTools steps={steps} cell={cell} incidents={incidents} chosen={chosen} />
      <Way
        nodes={drawn.nodes}
        way={way}
        lead={chosen?.lead ?? null}
        onPlay={() => setPlayed(played + 1)}
      />
      {scale && (
        <Legend
          scale={scale}
          unit={unitOf(column)}
          has={{ zero: false, missing: false, infinite: false, findings: false }}
        />
      )}
      <div class="network-room">
        <Picture
          label={`Network of ${run}, ${drawn.nodes.length} nodes in forward order`}
          shown={shown}
          active={active}
          onActive={setActive}
          start={firstMatch ?? first ?? null}
          occasion={`${run} ${key} ${layerFilter}`}
          played={played}
        />
        <NodeReading
          node={current}
          findings={all.get(current?.id ?? '') ?? []}
          unknown={drawn.links.filter(({ known }) => !known).length}
        />
      </div>
    </div>
  )
}

export interface Incident {
  key: string
  /** Its origin, as far as it is not muted. */
  lead: Finding
  findings: readonly Finding[]
}

/** The incidents of a run in the server's order, the gravest first. */
function incidentsOf(findings: readonly Finding[]): Incident[] {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.muted) continue
    const key = incidentOf(finding)
    const group = groups.get(key)
    if (group) group.push(finding)
    else groups.set(key, [finding])
  }
  return [...groups].map(([key, members]) => ({
    key,
    lead: members.find(({ origin }) => origin) ?? (members[0] as Finding),
    findings: members,
  }))
}

function findingOf(incidents: readonly Incident[], id: string | undefined): Finding | null {
  for (const { findings } of incidents) {
    const found = findings.find((finding) => finding.id === id)
    if (found) return found
  }
  return null
}
