/** What an export holds, in a sentence. */

import type { Finding } from '../contract'
import { count } from './numbers'
import type { ViewState } from './view-state'

/** "12 findings in 2 incidents of 1 run; only critical; muted findings are left out". */
export function contentsText(
  findings: readonly Finding[],
  view: ViewState,
  title: (symptom: string) => string,
): string {
  const runs = new Set(findings.map(({ run }) => run)).size
  const incidents = new Set(findings.map(({ run, id, incident }) => `${incident || id} ${run}`))
    .size
  const { run, runFilter, layerFilter, severities, states, symptoms, kinds, text, muted } = view
  const filters = [
    run !== null && `only the run ${run}`,
    runFilter !== '' && `runs matching /${runFilter}/`,
    layerFilter !== '' && `layers matching /${layerFilter}/`,
    text !== '' && `texts with “${text}”`,
    ...[severities, states, symptoms.map(title), kinds].map(
      (chosen) => chosen.length > 0 && `only ${chosen.join(', ')}`,
    ),
    muted ? 'with muted findings' : 'without muted findings',
  ]
  const size = `${count(findings.length, 'finding')} in ${count(incidents, 'incident')} of ${count(runs, 'run')}`
  return [size, ...filters.filter(Boolean)].join('; ')
}
