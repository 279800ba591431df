/** Health against the hyper-parameters: a strip plot for each, or the runs as lines through all of them. */

import { useMemo, useState } from 'preact/hooks'
import type { Run } from '../../contract'
import { separationOf } from '../../lib/separation'
import { isUnhealthy } from '../../lib/verdict'
import { useTab } from '../context'
import { Parallel } from './Parallel'
import { Strip } from './Strip'

const STORAGE_KEY = 'gradhealth.strips'
const PICTURE_KEY = 'gradhealth.runs-picture'
/** Fewer runs are read faster in the table. */
const ENOUGH_RUNS = 4
/** The plots of one row on a wide screen. */
const FIRST = 4
/** More axes than these are too near to each other. */
const MOST_AXES = 7

interface StripsProps {
  runs: readonly Run[]
  /** The runs within the ranges. */
  inside: ReadonlySet<string>
  varied: readonly string[]
}

export function Strips({ runs, inside, varied }: StripsProps) {
  const { ranges } = useTab().view.current.value
  const [open, setOpen] = useState(() => localStorage.getItem(STORAGE_KEY) !== 'folded')
  const [together, setTogether] = useState(
    () => localStorage.getItem(PICTURE_KEY) === 'together' || Object.keys(ranges).length > 0,
  )
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
  // One axis beside the verdict shows no more than its strip plot.
  const lines = together && varied.length > 1
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, open ? 'folded' : 'open')
    setOpen(!open)
  }
  const choose = (next: boolean) => {
    localStorage.setItem(PICTURE_KEY, next ? 'together' : 'each')
    setTogether(next)
  }
  const shown = all ? parameters : parameters.slice(0, FIRST)
  // What separates best is beside the verdict, where lines are followed with ease.
  const axes = parameters
    .filter(({ name }, i) => i < MOST_AXES || ranges[name] !== undefined)
    .map(({ name }) => name)
    .reverse()
  return (
    <section class="strips" aria-label="Health by hyper-parameter">
      <div class="strips-head">
        <h2>
          <button class="glance-head" type="button" aria-expanded={open} onClick={toggle}>
            <span class="fold" aria-hidden="true">
              {open ? '▾' : '▸'}
            </span>
            {runs.some(isUnhealthy) ? 'Where the sick runs are' : 'Health by hyper-parameter'}
          </button>
        </h2>
        {open && varied.length > 1 && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
          <div role="group" aria-label="Hyper-parameters" class="segments">
            <button
              class="segment"
              type="button"
              aria-pressed={!lines}
              onClick={() => choose(false)}
            >
              each alone
            </button>
            <button class="segment" type="button" aria-pressed={lines} onClick={() => choose(true)}>
              together
            </button>
          </div>
        )}
      </div>
      {open && lines && (
        <>
          <Parallel runs={runs} inside={inside} names={axes} pointed={pointed} point={point} />
          <p class="muted">
            {pointed ?? (
              <>
                A line is a run. Drag along an axis, or move its ends, for the runs within a range.
                {axes.length < parameters.length &&
                  ` Shown are the ${axes.length} of ${parameters.length} hyper-parameters that separate best.`}
              </>
            )}
          </p>
        </>
      )}
      {open && !lines && (
        <div class="strip-grid">
          {shown.map(({ name, text }) => (
            <Strip
              key={name}
              name={name}
              text={text}
              runs={runs}
              inside={inside}
              pointed={pointed}
              point={point}
            />
          ))}
        </div>
      )}
      {open && !lines && parameters.length > FIRST && (
        <button class="text-link" type="button" onClick={() => showAll(!all)}>
          {all ? `Only the first ${FIRST}` : `All ${parameters.length} hyper-parameters`}
        </button>
      )}
    </section>
  )
}
