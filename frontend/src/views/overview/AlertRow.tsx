import type { ComponentChildren } from 'preact'
import type { Finding } from '../../contract'
import { sparklinePath } from '../../draw/sparkline'
import { formatStep, formatValue } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { COLUMNS } from './columns'
import { Swatch } from './Sidebar'
import { ROW_HEIGHT } from './useScroll'

export interface AlertRowProps {
  finding: Finding
  index: number
  active: boolean
  opened: boolean
  onOpen: (finding: Finding) => void
}

export function AlertRow({ finding, index, active, opened, onOpen }: AlertRowProps) {
  const { server } = useTab()
  const cells = cellsOf(finding, titleOf(server)(finding.symptom))
  return (
    <div
      id={rowId(finding)}
      class={`row ${active ? 'active' : ''} ${opened ? 'opened' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={opened}
      data-finding={finding.id}
      data-run={finding.run}
      style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
      onClick={() => onOpen(finding)}
    >
      {COLUMNS.map((column, i) => (
        <div
          key={column.name}
          class={`cell ${column.class} ${CELL_CLASS[column.name]?.(finding) ?? ''}`}
          role="gridcell"
          aria-colindex={i + 1}
        >
          {cells[column.name]}
        </div>
      ))}
    </div>
  )
}

/** One word without spaces: ids are unique only within their run. */
export function rowId({ run, id }: Finding): string {
  return `alert-${id}-${encodeURIComponent(run)}`
}

const CELL_CLASS: Record<string, (finding: Finding) => string> = {
  Layer: () => 'layer',
  Run: () => 'run-cell',
  Trend: ({ severity }) => severity,
}

function cellsOf(finding: Finding, title: string): Record<string, ComponentChildren> {
  const { severity, tensor, kind, run, origin, value, threshold, state } = finding
  return {
    Severity: <span class={`chip ${severity}`}>{severity}</span>,
    Symptom: title,
    Layer: (
      <>
        <span class="mono tensor" title={tensor}>
          <bdi>{tensor}</bdi>
        </span>
        {kind !== tensor && <span class="kind">{kind}</span>}
        {origin && <span class="origin">likely origin</span>}
      </>
    ),
    Run: (
      <>
        <Swatch run={run} />
        <span class="run-name" title={run}>
          {run}
        </span>
      </>
    ),
    Opened: formatStep(finding.opened_step),
    'Last seen': formatStep(finding.last_step),
    'Value / limit': `${formatValue(value)} / ${threshold === null ? '–' : formatValue(threshold)}`,
    State: <span class={state === 'resolved' ? 'muted' : ''}>{state}</span>,
    Trend: <Sparkline finding={finding} />,
  }
}

const WIDTH = 74
const HEIGHT = 17

function Sparkline({ finding: { symptom, trend } }: { finding: Finding }) {
  const { server } = useTab()
  const logarithmic = server.symptoms.value.get(symptom)?.logarithmic ?? false
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true" focusable="false">
      <path d={sparklinePath(trend, WIDTH, HEIGHT, logarithmic)} />
    </svg>
  )
}
