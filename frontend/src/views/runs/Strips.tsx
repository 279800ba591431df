/** Health against each hyper-parameter: a strip plot of the runs for each, the one that separates best first. */

import { useMemo, useState } from 'preact/hooks'
import type { Run } from '../../contract'
import { separationOf } from '../../lib/separation'
import { isUnhealthy } from '../../lib/verdict'
import { Strip } from './Strip'

const STORAGE_KEY = 'gradhealth.strips'
/** Fewer runs are read faster in the table. */
const ENOUGH_RUNS = 4
/** The plots of one row on a wide screen. */
const FIRST = 4

export function Strips({ runs, varied }: { runs: readonly Run[]; varied: readonly string[] }) {
  const [open, setOpen] = useState(() => localStorage.getItem(STORAGE_KEY) !== 'folded')
  const [all, showAll] = useState(false)
  const [pointed, point] = useState<string | null>(null)
  const parameters = useMemo(
    () =>
      varied
        .map((name) => ({ name, ...separationOf(runs, name) }))
        .sort((a, b) => b.strength - a.strength),
    [runs, varied],
  )
  if (runs.length < ENOUGH_RUNS || varied.length === 0) return null
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, open ? 'folded' : 'open')
    setOpen(!open)
  }
  const shown = all ? parameters : parameters.slice(0, FIRST)
  return (
    <section class="strips" aria-label="Health by hyper-parameter">
      <h2>
        <button class="glance-head" type="button" aria-expanded={open} onClick={toggle}>
          <span class="fold" aria-hidden="true">
            {open ? '▾' : '▸'}
          </span>
          {runs.some(isUnhealthy) ? 'Where the sick runs are' : 'Health by hyper-parameter'}
        </button>
      </h2>
      {open && (
        <div class="strip-grid">
          {shown.map(({ name, text }) => (
            <Strip key={name} name={name} text={text} runs={runs} pointed={pointed} point={point} />
          ))}
        </div>
      )}
      {open && parameters.length > FIRST && (
        <button class="text-link" type="button" onClick={() => showAll(!all)}>
          {all ? `Only the first ${FIRST}` : `All ${parameters.length} hyper-parameters`}
        </button>
      )}
    </section>
  )
}
