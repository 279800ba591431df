/** The findings of a network's nodes, and the way of an incident along its links. */

import { type Finding, SEVERITIES } from '../contract'
import type { Link } from './network'
import type { Drawn, DrawnNode } from './network-folds'

/** Whether the finding was open at the step; at null it counts at any step. */
export function isOpenAt({ opened_step, resolved_step }: Finding, step: number | null): boolean {
  if (step === null) return true
  return opened_step <= step && (resolved_step === null || resolved_step > step)
}

/** The findings of each drawn node, the worst first, then the earliest; muted ones are left out. */
export function findingsOfNodes(
  nodes: readonly DrawnNode[],
  findings: readonly Finding[],
): Map<string, Finding[]> {
  const byTensor = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.muted) continue
    const key = tensorKey(finding)
    const some = byTensor.get(key)
    if (some) some.push(finding)
    else byTensor.set(key, [finding])
  }
  return new Map(
    nodes.map(({ id, members }) => {
      const found = new Set<Finding>()
      for (const { tensors } of members) {
        for (const tensor of tensors) {
          for (const finding of byTensor.get(tensorKey(tensor)) ?? []) found.add(finding)
        }
      }
      return [id, [...found].sort(worstFirst)]
    }),
  )
}

function tensorKey({ kind, tensor }: { kind: string; tensor: string }): string {
  return `${kind} ${tensor}`
}

function worstFirst(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.opened_step - b.opened_step
  )
}

/** A stop on the way of an incident. */
export interface Stop {
  /** The first step of the incident at this node. */
  step: number
  /** Its position on the way, from 1: by the step, the incident's origin before others of its step. */
  position: number
  /** The finding that began there first. */
  finding: Finding
}

/** When an incident reached each node. */
export function wayOf(
  found: ReadonlyMap<string, readonly Finding[]>,
  incident: string,
): Map<string, Stop> {
  const reached = [...found].flatMap(([id, findings]) => {
    const members = findings.filter((finding) => incidentOf(finding) === incident)
    const [finding] = members.sort((a, b) => compareStarts(a, b) || placeOf(a) - placeOf(b))
    return finding ? [{ id, finding }] : []
  })
  const starts = reached.map(({ finding }) => finding).sort(compareStarts)
  const positions = new Map<Finding, number>()
  starts.forEach((finding, i) => {
    const before = starts[i - 1]
    const last = before ? (positions.get(before) ?? 0) : 0
    positions.set(finding, before && compareStarts(before, finding) === 0 ? last : last + 1)
  })
  return new Map(
    reached.map(({ id, finding }) => [
      id,
      { step: finding.opened_step, position: positions.get(finding) ?? 1, finding },
    ]),
  )
}

/** The ids of a way's nodes one after another: values of a step go forward, then gradients back. */
export function orderOfWay(
  nodes: readonly Pick<DrawnNode, 'id'>[],
  way: ReadonlyMap<string, Stop>,
): string[] {
  const places = nodes.flatMap(({ id }, i) => {
    const stop = way.get(id)
    if (!stop) return []
    const back = placeOf(stop.finding)
    return [{ id, place: [stop.position, back, back ? -i : i] as const }]
  })
  places.sort(({ place: a }, { place: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  return places.map(({ id }) => id)
}

export function incidentOf({ incident, id }: Finding): string {
  return incident || id
}

/** The origin is what the server judges to have begun first among the findings of a step. */
function compareStarts(a: Finding, b: Finding): number {
  return a.opened_step - b.opened_step || Number(b.origin) - Number(a.origin)
}

/** In a step, values come before gradients. */
function placeOf({ kind }: Finding): number {
  return FORWARD.includes(kind) ? 0 : 1
}

const FORWARD = ['input', 'activation', 'loss']

export interface WayLink extends Link {
  /** From which end the incident came; "together" where that is not known. */
  direction: 'forward' | 'backward' | 'together'
}

/** The links between two nodes of the way. */
export function linksOfWay(
  { links }: Pick<Drawn, 'links'>,
  way: ReadonlyMap<string, Stop>,
): WayLink[] {
  return links.flatMap((link) => {
    const [from, to] = [way.get(link.from), way.get(link.to)]
    return from && to ? [{ ...link, direction: directionOf(link, from, to) }] : []
  })
}

function directionOf({ known }: Link, from: Stop, to: Stop): WayLink['direction'] {
  if (from.step !== to.step) return from.step < to.step ? 'forward' : 'backward'
  // Within a step, values flow along the link.
  const values = placeOf(from.finding) === 0 && placeOf(to.finding) === 0
  return known && values ? 'forward' : 'together'
}
