import type { Pattern } from '../lib/filter'
import { VIEWS, type ViewName } from '../lib/view-state'
import { useTab } from './context'
import { KeyboardHelp } from './KeyboardHelp'
import { Status } from './Status'

export function Bar() {
  const { server, alerts } = useTab()
  const hasRuns = (server.answer.value?.runs.length ?? 0) > 0
  return (
    <header class="bar">
      <span class="brand">Grad Health</span>
      {hasRuns && <Views />}
      {hasRuns && <Filters />}
      <div class="bar-end">
        <Status />
        <KeyboardHelp />
      </div>
      <FilterError id="filter-runs" pattern={alerts.runPattern.value} />
      <FilterError id="filter-layers" pattern={alerts.layerPattern.value} />
    </header>
  )
}

const TITLES: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  layers: 'Layers',
  runs: 'Runs',
  rules: 'Rules',
}

function Views() {
  const { view } = useTab()
  const shown = view.current.value.view
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map((name, i) => (
        <button
          key={name}
          class="view"
          type="button"
          aria-current={name === shown ? 'page' : undefined}
          title={`${TITLES[name]} (${i + 1})`}
          onClick={() => view.change({ view: name })}
        >
          {TITLES[name]}
        </button>
      ))}
    </nav>
  )
}

function Filters() {
  const { view, alerts } = useTab()
  const { runFilter, layerFilter, text, view: shown } = view.current.value
  return (
    <search>
      <RegexField
        id="filter-runs"
        label="Filter runs (regex)"
        text={runFilter}
        pattern={alerts.runPattern.value}
        onText={(text) => view.change({ runFilter: text })}
      />{' '}
      {shown !== 'rules' && (
        <RegexField
          id="filter-layers"
          label="Filter layers (regex)"
          text={layerFilter}
          pattern={alerts.layerPattern.value}
          onText={(text) => view.change({ layerFilter: text })}
        />
      )}{' '}
      {shown === 'overview' && (
        <input
          class="field"
          type="search"
          id="search-findings"
          aria-label="Search findings"
          placeholder="Search findings"
          value={text}
          onInput={(event) => view.change({ text: event.currentTarget.value })}
        />
      )}
    </search>
  )
}

interface RegexFieldProps {
  id: string
  label: string
  text: string
  pattern: Pattern
  onText: (text: string) => void
}

function RegexField({ id, label, text, pattern, onText }: RegexFieldProps) {
  const invalid = pattern.error !== null
  return (
    <input
      id={id}
      class="field"
      type="search"
      spellcheck={false}
      autocomplete="off"
      aria-label={label}
      placeholder={label}
      value={text}
      aria-invalid={invalid}
      {...(invalid ? { 'aria-describedby': `${id}-error` } : {})}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  )
}

function FilterError({ id, pattern }: { id: string; pattern: Pattern }) {
  if (pattern.error === null) return null
  return (
    <div id={`${id}-error`} class="filter-error" role="alert">
      Not a regular expression, so nothing is filtered: {pattern.error}
    </div>
  )
}
