/** The names of the visible lines at the left of the heatmap. */

import type { Severity } from '../../contract'
import type { Line } from '../../lib/heatmap-rows'
import { useTab } from '../context'

interface LineNamesProps {
  lines: readonly Line[]
  lineHeight: number
  top: number
  height: number
  active: number
  /** The worst severity of each line with findings. */
  worst: ReadonlyMap<number, Severity>
}

const TEXT_HEIGHT = 13

export function LineNames({ lines, lineHeight, top, height, active, worst }: LineNamesProps) {
  const every = Math.max(1, Math.ceil(TEXT_HEIGHT / lineHeight))
  const first = Math.max(0, Math.floor(top / lineHeight) - 1)
  const last = Math.min(lines.length - 1, Math.ceil((top + height) / lineHeight))
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  return (
    <div class="heat-names">
      {shown
        .filter((line) => line % every === 0)
        .map((line) => (
          <LineName
            key={lines[line]?.key}
            line={lines[line] as Line}
            active={line === active}
            severity={worst.get(line) ?? null}
            style={{ top: `${line * lineHeight}px`, height: `${lineHeight * every}px` }}
          />
        ))}
    </div>
  )
}

interface LineNameProps {
  line: Line
  active: boolean
  severity: Severity | null
  style: Record<string, string>
}

function LineName({ line, active, severity, style }: LineNameProps) {
  const { layers } = useTab()
  const { block, title, open, rows } = line
  const look = active ? 'heat-name active' : 'heat-name'
  if (block === null) {
    return (
      <div class={look} style={style} title={title}>
        <bdi>{title}</bdi>
        {severity && <Dot severity={severity} />}
      </div>
    )
  }
  return (
    <button
      class={`${look} block`}
      type="button"
      style={style}
      title={title}
      aria-expanded={open}
      onClick={() => layers.toggleBlock(block.key)}
    >
      <span class="fold" aria-hidden="true">
        {open ? '▾' : '▸'}
      </span>
      <bdi>{title}</bdi> <span class="muted">{rows.length}</span>
      {severity && <Dot severity={severity} />}
    </button>
  )
}

function Dot({ severity }: { severity: Severity }) {
  return <span class={`heat-dot ${severity}`} title={`${severity} finding`} />
}
