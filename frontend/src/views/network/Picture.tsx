/** The graph: links on one drawing, nodes as buttons above it; only what is near the window is drawn. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Finding, Unit } from '../../contract'
import type { ColourScale } from '../../lib/heatmap-scale'
import { orderOfWay, type Stop, type WayLink } from '../../lib/network-findings'
import { type Drawn, type DrawnNode, isWithin } from '../../lib/network-folds'
import { linkPath, type Placed, seenBetween } from '../../lib/network-layout'
import { needsOverview, ZOOM_STEP } from '../../lib/zoom'
import { useTab } from '../context'
import { useSize } from '../layers/useSize'
import { NetworkOverview } from './NetworkOverview'
import { NodeButton } from './NodeButton'
import { playWay } from './playWay'
import { useZoom } from './useZoom'
import { ZoomButtons } from './ZoomButtons'

export interface Shown {
  drawn: Drawn
  placed: Placed
  /** The findings of each node at the shown step, the worst first. */
  found: ReadonlyMap<string, readonly Finding[]>
  way: ReadonlyMap<string, Stop>
  wayLinks: readonly WayLink[]
  /** The nodes that match the filter of layers; none without a filter. */
  matched: ReadonlySet<string>
  /** The statistic that colours the nodes; null for the findings. */
  paint: {
    scale: ColourScale
    unit: Unit
    valueOf: (id: string) => number | null
  } | null
}

interface PictureProps {
  label: string
  shown: Shown
  active: string | null
  onActive: (id: string) => void
  /** The node that is scrolled to at first, and again when `occasion` changes. */
  start: string | null
  occasion: string
  /** How often the way was played; another number plays it again. */
  played: number
}

/** What is drawn above and below the window, in pixels. */
const MARGIN = 400
/** Before the window's height is known. */
const LEAST_HEIGHT = 600

export function Picture({ label, shown, active, onActive, start, occasion, played }: PictureProps) {
  const { view } = useTab()
  const { drawn, placed, found, way, wayLinks, matched, paint } = shown
  const frame = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(frame, frame)
  const [{ top, left }, setScroll] = useState({ top: 0, left: 0 })
  const zoom = useZoom(frame, placed)
  const { scale } = zoom
  const focusNext = useRef<string | null>(null)
  const seen = useMemo(
    () =>
      seenBetween(
        placed,
        (top - MARGIN) / scale,
        (top + Math.max(height, LEAST_HEIGHT) + MARGIN) / scale,
      ),
    [placed, top, height, scale],
  )
  const steps = useMemo(() => neighbours(drawn), [drawn])
  const wayOfLink = useMemo(
    () => new Map(wayLinks.map((link) => [`${link.from}\n${link.to}`, link.direction])),
    [wayLinks],
  )

  const go = (id: string | undefined) => {
    if (id === undefined) return
    focusNext.current = id
    onActive(id)
  }

  const scrolledFor = useRef('')
  const opening = useRef<{ block: string; offset: number } | null>(null)
  useLayoutEffect(() => {
    const { current } = frame
    if (!current || height === 0) return
    const scrollTo = (id: string | null, offset: number) => {
      const centre = id === null ? undefined : placed.centres.get(id)
      if (!centre) return
      current.scrollTop = centre.y * scale - offset
      current.scrollLeft = centre.x * scale - width / 2
    }
    // What was in an opened block takes its place on the screen.
    const opened = opening.current
    const first = opened && drawn.nodes.find((node) => isWithin(node, opened.block))
    opening.current = null
    if (opened && first) {
      scrollTo(first.id, opened.offset)
      go(first.id)
    } else if (scrolledFor.current !== occasion) scrollTo(start, height / 3)
    scrolledFor.current = occasion
  }, [occasion, placed, height > 0])

  useEffect(() => {
    // A key may come before the effect of an earlier change of the active node.
    if (active === null || focusNext.current !== active) return
    focusNext.current = null
    const button = frame.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(active)}"]`)
    button?.focus({ preventScroll: true })
    button?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [active])

  useEffect(() => {
    if (played > 0 && frame.current) playWay(frame.current, orderOfWay(drawn.nodes, way))
  }, [played])

  const onZoomKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const zooms: Record<string, () => void> = {
      '+': () => zoom.by(ZOOM_STEP),
      '=': () => zoom.by(ZOOM_STEP),
      '-': () => zoom.by(1 / ZOOM_STEP),
      '0': zoom.fit,
    }
    const change = zooms[event.key]
    if (!change) return
    event.preventDefault()
    change()
  }
  const onKeyDown = (event: KeyboardEvent, node: DrawnNode) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const { nodes } = drawn
    const i = nodes.indexOf(node)
    const targets: Record<string, () => string | undefined> = {
      ArrowDown: () => steps.after.get(node.id) ?? nodes[i + 1]?.id,
      ArrowUp: () => steps.before.get(node.id) ?? nodes[i - 1]?.id,
      ArrowRight: () => nodes[i + 1]?.id,
      ArrowLeft: () => nodes[i - 1]?.id,
      Home: () => nodes[0]?.id,
      End: () => nodes.at(-1)?.id,
    }
    const target = targets[event.key]
    if (!target) return
    event.preventDefault()
    go(target())
  }
  const open = (node: DrawnNode) => {
    onActive(node.id)
    const finding = way.get(node.id)?.finding ?? found.get(node.id)?.[0]
    if (node.block !== null) {
      const y = placed.centres.get(node.id)?.y ?? 0
      opening.current = {
        block: node.block,
        offset: y * scale - (frame.current?.scrollTop ?? 0),
      }
      view.change({ openBlocks: [...view.current.peek().openBlocks, node.block] })
    } else if (finding) view.change({ opened: { run: finding.run, id: finding.id } })
  }
  const entry =
    active !== null && placed.centres.has(active) ? active : (start ?? drawn.nodes[0]?.id)
  const moveTo = (x: number, y: number) => {
    frame.current?.scrollTo({ left: x * scale - width / 2, top: y * scale - height / 2 })
  }
  const part = {
    left: left / scale,
    top: top / scale,
    width: width / scale,
    height: height / scale,
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the nodes and buttons within
    <div class="network-stage" onKeyDown={onZoomKey}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is a group of form fields */}
      <div
        class="network-frame"
        ref={frame}
        role="group"
        aria-label={label}
        onScroll={({ currentTarget: { scrollTop, scrollLeft } }) =>
          setScroll({ top: scrollTop, left: scrollLeft })
        }
      >
        <div
          class="network-sheet"
          style={{ width: `${placed.width * scale}px`, height: `${placed.height * scale}px` }}
        >
          <div
            class="network-scaled"
            style={{
              width: `${placed.width}px`,
              height: `${placed.height}px`,
              transform: scale === 1 ? undefined : `scale(${scale})`,
            }}
          >
            <svg width={placed.width} height={placed.height} aria-hidden="true">
              <defs>
                <marker
                  id="way-end"
                  viewBox="0 0 8 8"
                  refX="7"
                  refY="4"
                  markerWidth="4"
                  markerHeight="4"
                  orient="auto-start-reverse"
                >
                  <path class="way-arrow" d="M0 0L8 4L0 8Z" />
                </marker>
              </defs>
              {seen.links.map(({ from, to, known, points }) => {
                const direction = wayOfLink.get(`${from}\n${to}`)
                return (
                  <path
                    key={`${from}\n${to}`}
                    class={`network-link${known ? '' : ' order'}${direction ? ' way' : ''}`}
                    d={linkPath(points)}
                    data-way={direction && (direction === 'backward' ? from : to)}
                    marker-end={direction === 'forward' ? 'url(#way-end)' : undefined}
                    marker-start={direction === 'backward' ? 'url(#way-end)' : undefined}
                  />
                )
              })}
            </svg>
            {drawn.nodes.map((node) => {
              const centre = placed.centres.get(node.id)
              const kept = node.id === active || node.id === entry
              if (!centre || (!seen.nodes.has(node.id) && !kept)) return null
              return (
                <NodeButton
                  key={node.id}
                  node={node}
                  centre={centre}
                  findings={found.get(node.id) ?? []}
                  stop={way.get(node.id) ?? null}
                  paint={paint}
                  matched={matched.has(node.id)}
                  active={node.id === active}
                  reachable={node.id === entry}
                  onOpen={() => open(node)}
                  onFocus={() => onActive(node.id)}
                  onKeyDown={(event) => onKeyDown(event, node)}
                />
              )
            })}
          </div>
        </div>
      </div>
      <ZoomButtons zoom={zoom} />
      {height > 0 && needsOverview(placed, { width, height }, scale) && (
        <NetworkOverview shown={shown} part={part} onMove={moveTo} />
      )}
    </div>
  )
}

/** The first node after and before each node along the known links, else along the order. */
function neighbours({ links }: Drawn) {
  const [after, before] = [new Map<string, string>(), new Map<string, string>()]
  for (const { from, to } of [...links].sort((a, b) => Number(b.known) - Number(a.known))) {
    if (!after.has(from)) after.set(from, to)
    if (!before.has(to)) before.set(to, from)
  }
  return { after, before }
}
