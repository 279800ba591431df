import type { Loss } from '../../contract'
import { toggled } from '../../lib/filter'
import { formatStep, formatValue } from '../../lib/numbers'
import type { Cell, Matrix, MatrixRow, Parameter } from '../../lib/run-matrix'
import { isLive, lossText, runAge, runChip, runReservation } from '../../lib/verdict'
import { titleOf } from '../../state/alerts'
import { useTab } from '../context'
import { Swatch } from '../overview/Sidebar'

interface MatrixLineProps {
  row: MatrixRow
  matrix: Matrix
  /** The server's time, one value for all rows. */
  now: number
}

export function MatrixLine({ row, matrix, now }: MatrixLineProps) {
  const { view } = useTab()
  const { run, cells } = row
  const name = run.run
  const { compared } = view.current.value
  const chip = runChip(run)
  const reservation = runReservation(run)
  return (
    <tr class={compared.includes(name) ? 'compared' : ''} data-run={name}>
      <td class="tick">
        <label>
          <input
            type="checkbox"
            aria-label={`Compare ${name}`}
            checked={compared.includes(name)}
            onChange={() => view.change({ compared: toggled(compared, name).slice(-2) })}
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
        </button>
      </th>
      <td>
        <span class={`chip ${chip.tone}`}>{chip.text}</span>
        {reservation !== '' && <div class="reservation">{reservation}</div>}
      </td>
      {matrix.symptoms.map((symptom) => (
        <td key={symptom} class="symptom">
          <SymptomCell run={name} symptom={symptom} cell={cells.get(symptom)} />
        </td>
      ))}
      {matrix.varied.map((parameter) => (
        <td key={parameter} class="number parameter">
          {parameterText(run.hparams?.[parameter])}
        </td>
      ))}
      <td class="number">
        {formatStep(run.last_step)}{' '}
        <span class={isLive(run, now) ? 'run-facts live' : 'run-facts'}>{runAge(run, now)}</span>
      </td>
      <td class="number" title={lossTitle(run.loss)}>
        {lossText(run.loss, formatValue) ?? '–'}
      </td>
    </tr>
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
