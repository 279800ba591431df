/**
 * Links to TensorBoard's own tabs. Only these forms work (TensorBoard 2.21): Time Series reads its
 * filters from the query and ignores the hash, the older tabs do the opposite.
 */

export type OtherTab = 'timeseries' | 'histograms' | 'distributions' | 'scalars' | 'graphs'

export interface DeepLink {
  tab: OtherTab
  label: string
  tagFilter: string
  runFilter: string
}

const TABS: readonly [OtherTab, string][] = [
  ['timeseries', 'Time Series'],
  ['histograms', 'Histograms'],
  ['distributions', 'Distributions'],
  ['scalars', 'Scalars'],
]

export function deepLinks(run: string, layer: string): DeepLink[] {
  const tagFilter = tagPattern(layer)
  const runFilter = runPattern(run)
  return TABS.map(([tab, label]) => ({ tab, label, tagFilter, runFilter }))
}

/** The graph of a run; an address cannot name a node of it. */
export function graphLink(run: string): DeepLink {
  return { tab: 'graphs', label: 'Graphs', tagFilter: '', runFilter: run }
}

/** `?…#timeseries` or `#tab&…`, to be appended to TensorBoard's address. */
export function relativeUrl({ tab, tagFilter, runFilter }: DeepLink): string {
  if (tab === 'graphs') return `#graphs&run=${encodeURIComponent(runFilter)}`
  const tag = `tagFilter=${encodeURIComponent(tagFilter)}`
  if (tab === 'timeseries') {
    const run = runFilter && `&runFilter=${encodeURIComponent(runFilter)}`
    return `?${tag}${run}#timeseries`
  }
  const run = runFilter && `&regexInput=${encodeURIComponent(runFilter)}`
  return `#${tab}&${tag}${run}`
}

/** Unanchored, because tags of layers have many forms; dense_1 does not match dense_10. */
function tagPattern(layer: string): string {
  return escapePattern(layer) + (/\d$/.test(layer) ? '(?!\\d)' : '')
}

/** Matches the run and its sub-runs (`run/train`); the root run "." matches all. */
function runPattern(run: string): string {
  return run === '.' ? '' : `^${escapePattern(run)}(/|$)`
}

export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
