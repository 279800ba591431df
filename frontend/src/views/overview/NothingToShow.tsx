/** Shown for an empty table: the filters hide all findings, or nothing was found. */

import { count } from '../../lib/numbers'
import { useTab } from '../context'
import { Checked } from './Checked'

export function NothingToShow() {
  const { alerts, server, view } = useTab()
  const { run: selected, muted } = view.current.value
  const runs = alerts.runs.value.filter(({ run }) => selected === null || run === selected)
  const names = new Set(runs.map(({ run }) => run))
  const own = server.entries.value.filter(({ run }) => names.has(run.text))
  const silenced = own.filter(({ traits }) => traits.muted).length
  const hidden = muted ? own.length : own.length - silenced
  if (runs.length === 0 || hidden > 0) {
    return (
      <div class="notice">
        {runs.length === 0 ? 'No run passes the filters.' : 'No finding passes the filters.'}
        <button class="button" type="button" onClick={view.clearFilters}>
          Clear filters
        </button>
      </div>
    )
  }
  return (
    <div class="nothing">
      <p>
        {silenced === 0
          ? 'No symptom has been found.'
          : `Nothing was found but ${count(silenced, 'finding')} that the rules mute.`}
        {silenced > 0 && (
          <button class="button" type="button" onClick={() => view.change({ muted: true })}>
            Show
          </button>
        )}
      </p>
      <Checked runs={runs} />
    </div>
  )
}
