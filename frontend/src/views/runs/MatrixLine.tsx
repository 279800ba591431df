/** A run in the table of runs. */

import type { Loss } from '../../contract'
import { changeText } from '../../lib/against-baseline'
import { formatStep, formatValue } from '../../lib/numbers'
import type { RunColumn } from '../../lib/run-columns'
import type { Cell, MatrixRow, Parameter } from '../../lib/run-matrix'
import { isLive, lossText, runAge, runChip, runReservation } from '../../lib/verdict'
import { withCompared } from '../../lib/view-state'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../Swatch'

interface MatrixLineProps {
  row: MatrixRow
  columns: readonly RunColumn[]
  /** The reservation of all runs, said above the table. */
  common: string
  /** The server's time, one value for all rows. */
  now: number
}

export function MatrixLine({ row, columns, common, now }: MatrixLineProps) {
  const { view } = useTab()
  const name = row.run.run
  const { compared, baseline } = view.current.value
  return (
    <tr class={compared.includes(name) ? 'compared' : ''} data-run={name}>
      <td class="tick">
        <label>
          <input
            type="checkbox"
            aria-label={`Compare ${name}`}
            checked={compared.includes(name)}
            onChange={() => view.change({ compared: withCompared(compared, name) })}
          />
        </label>
      </td>
      <th scope="row">
        <button
          type="button"
          class="matrix-run"
          title={`${name}: its alerts`}
          onClick={() => view.change({ view: 'overview', run: name, symptoms: [] })}
        >
          <Swatch run={name} />
          <bdi class="run-text">{name}</bdi>
          {name === baseline && <span class="chip unknown">baseline</span>}
        </button>
      </th>
      {columns.map((column) => (
        <ColumnCell key={column.id} column={column} row={row} common={common} now={now} />
      ))}
    </tr>
  )
}

interface ColumnCellProps extends Omit<MatrixLineProps, 'columns'> {
  column: RunColumn
}

function ColumnCell({ column, row, common, now }: ColumnCellProps) {
  const { run, cells } = row
  const { id, look } = column
  if (id === 'health') {
    const chip = runChip(run)
    const reservation = runReservation(run)
    return (
      <td>
        <span class={`chip ${chip.tone}`}>{chip.text}</span>
        {reservation !== common && <div class="reservation">{reservation}</div>}
      </td>
    )
  }
  if (id === 'baseline') return <BaselineCell row={row} />
  if (look === 'symptom') {
    const symptom = id.slice('symptom:'.length)
    return (
      <td class="symptom">
        <SymptomCell run={run.run} symptom={symptom} cell={cells.get(symptom)} />
      </td>
    )
  }
  if (look === 'parameter') {
    return (
      <td class="number parameter">{parameterText(run.hparams?.[id.slice('hparam:'.length)])}</td>
    )
  }
  if (id === 'step') {
    return (
      <td class="number">
        {formatStep(run.last_step)}{' '}
        <span class={isLive(run, now) ? 'run-facts live' : 'run-facts'}>{runAge(run, now)}</span>
      </td>
    )
  }
  return (
    <td class="number" title={lossTitle(run.loss)}>
      {lossText(run.loss, formatValue) ?? '–'}
    </td>
  )
}

/** What is new or worse; a click lists it. */
function BaselineCell({ row: { run, against } }: { row: MatrixRow }) {
  const { view } = useTab()
  const { baseline } = view.current.value
  if (against === null || baseline === null) return <td class="muted">–</td>
  const text = changeText(against)
  const worse = against.counts.new + against.counts.worse > 0
  return (
    <td class="against">
      <button
        type="button"
        class={worse ? 'text-link worse' : 'text-link'}
        aria-label={`${run.run} against the baseline: ${text}`}
        onClick={() => view.change({ compared: [baseline, run.run] })}
      >
        {text}
      </button>
    </td>
  )
}

function lossTitle({ non_finite_since }: Loss): string {
  if (non_finite_since === null) return 'At first, and last'
  return `No finite value from step ${formatStep(non_finite_since)} to the end`
}

interface SymptomCellProps {
  run: string
  symptom: string
  cell: Cell | undefined
}

const SIGNS = { critical: '!!', warning: '!', info: 'i' }

function SymptomCell({ run, symptom, cell }: SymptomCellProps) {
  const { view, server } = useTab()
  if (!cell) return <span class="muted">·</span>
  const { severity, count, onset } = cell
  const label = `${titleOf(server)(symptom)} in ${run}: ${count}, worst ${severity}, from step ${formatStep(onset)}`
  return (
    <button
      type="button"
      class={`chip ${severity}`}
      aria-label={label}
      title={label}
      onClick={() => view.change({ view: 'overview', run, symptoms: [symptom] })}
    >
      <span class="sign">{SIGNS[severity]}</span> {formatStep(count)}
    </button>
  )
}

export function parameterText(value: Parameter | null | undefined): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'number' ? formatValue(value) : String(value)
}
