import type { ComponentChildren } from 'preact'
import type { Finding } from '../../contract'
import { sparklinePath } from '../../draw/sparkline'
import { keyOf } from '../../lib/finding-entries'
import { causeText, stateText } from '../../lib/finding-text'
import { kindTerm, unitMeaning } from '../../lib/glossary'
import type { TableRow } from '../../lib/incidents'
import { formatBesideLimit, formatStep } from '../../lib/numbers'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../Swatch'
import type { Column } from './columns'
import { ROW_HEIGHT } from './useScroll'

export interface AlertRowProps {
  row: TableRow
  columns: readonly Column[]
  index: number
  active: boolean
  opened: boolean
  fresh: boolean
  onOpen: (finding: Finding) => void
  onFold: (row: TableRow) => void
}

export function AlertRow(props: AlertRowProps) {
  const { row, columns, index, active, opened, fresh, onOpen, onFold } = props
  const { server, alerts } = useTab()
  const { finding, level, others } = row
  const cells = cellsOf(row, {
    title: titleOf(server)(finding.symptom),
    state: stateText(finding, alerts.runOf.value.get(finding.run)?.last_step ?? null),
    cause: finding.origin ? '' : causeText(finding, alerts.followed(finding)),
    onFold,
  })
  const looks = [active && 'active', opened && 'opened', finding.muted && 'muted-row']
  return (
    <div
      id={rowId(finding)}
      class={`row level-${level} ${fresh ? 'fresh ' : ''}${looks.filter(Boolean).join(' ')}`}
      role="row"
      aria-rowindex={index + 2}
      aria-level={level}
      aria-selected={opened}
      {...(others > 0 ? { 'aria-expanded': row.unfolded } : {})}
      data-finding={finding.id}
      data-run={finding.run}
      style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
      onClick={() => onOpen(finding)}
    >
      {columns.map((column, i) => (
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

/** A DOM id without spaces that includes the run. */
export function rowId({ run, id }: Finding): string {
  return `alert-${id}-${encodeURIComponent(run)}`
}

const CELL_CLASS: Record<string, (finding: Finding) => string> = {
  Layer: () => 'layer',
  Severity: () => 'severity',
  Run: () => 'run-cell',
  Trend: ({ severity }) => severity,
}

interface Told {
  title: string
  state: string
  cause: string
  onFold: (row: TableRow) => void
}

function cellsOf(
  row: TableRow,
  { title, state, cause, onFold }: Told,
): Record<string, ComponentChildren> {
  const { finding } = row
  const { severity, tensor, kind, run, origin, value, threshold, muted } = finding
  return {
    Severity: (
      <>
        <Fold row={row} onFold={onFold} />
        <span class={`chip ${severity}`}>{severity}</span>
      </>
    ),
    Symptom: <span title={muted ? `Muted: ${muted}` : title}>{title}</span>,
    Layer: (
      <>
        <span class="mono tensor" title={tensor}>
          <bdi>{tensor}</bdi>
        </span>
        {kind !== tensor && (
          <span class="kind" title={kindTerm(kind).meaning}>
            {kind}
          </span>
        )}
        {origin && row.shared && (
          <span class="origin">
            <span class="likely">likely </span>origin
          </span>
        )}
        {cause !== '' && row.shared && (
          <span class="cause" title={cause}>
            {cause}
          </span>
        )}
        {row.others > 0 && !row.unfolded && <span class="more">+{formatStep(row.others)}</span>}
        {muted && <span class="kind">muted</span>}
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
    'Value / limit': (
      <span title={unitMeaning(finding.unit) || undefined}>
        {formatBesideLimit(value, threshold, finding.unit)}
      </span>
    ),
    State: (
      <span class={finding.state === 'resolved' ? 'muted' : ''} title={state}>
        {state}
      </span>
    ),
    Trend: <Sparkline finding={finding} />,
  }
}

/** Folds an incident by mouse; the keyboard uses the arrow keys, screen readers aria-expanded. */
function Fold({ row, onFold }: { row: TableRow; onFold: (row: TableRow) => void }) {
  if (row.others === 0) return <span class="fold" />
  return (
    <span
      class="fold"
      aria-hidden="true"
      title={row.unfolded ? 'Fold the incident (←)' : `${row.others} more of this incident (→)`}
      onClick={(event) => {
        event.stopPropagation()
        onFold(row)
      }}
    >
      {row.unfolded ? '▾' : '▸'}
    </span>
  )
}

const WIDTH = 74
const HEIGHT = 17

function Sparkline({ finding }: { finding: Finding }) {
  const { server, trends } = useTab()
  const trend = trends.byKey.value.get(keyOf(finding))
  const logarithmic = server.symptoms.value.get(finding.symptom)?.logarithmic ?? false
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true" focusable="false">
      {trend && <path d={sparklinePath(trend, WIDTH, HEIGHT, logarithmic)} />}
    </svg>
  )
}
