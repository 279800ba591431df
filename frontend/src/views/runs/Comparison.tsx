/** The comparison: two runs by hyper-parameters, losses and findings; more by small charts. */

import { useMemo } from 'preact/hooks'
import type { Run } from '../../contract'
import { compareFindings, comparisonMarkdown, differentParameters } from '../../lib/compare-runs'
import { titleOf } from '../../state/alerts'
import { CopyButton } from '../CopyButton'
import { useTab } from '../context'
import { Swatch } from '../Swatch'
import { Differences } from './Differences'
import { LossChart } from './LossChart'
import { parameterText } from './MatrixLine'
import { Several } from './Several'

export function Comparison() {
  const { view, alerts } = useTab()
  const { compared } = view.current.value
  if (compared.length < 2) return null
  const runs = compared.flatMap((name) => alerts.runOf.value.get(name) ?? [])
  const gone = compared.length - runs.length
  const [a, b] = runs
  return (
    <>
      {gone > 0 && (
        <p class="notice">
          {gone === 1 ? 'One of the compared runs is' : `${gone} of the compared runs are`} not
          there (any more).
        </p>
      )}
      {a && b && (runs.length === 2 ? <Compared first={a} second={b} /> : <Several runs={runs} />)}
    </>
  )
}

function Compared({ first, second }: { first: Run; second: Run }) {
  const { server, view, alerts } = useTab()
  const { baseline } = view.current.value
  const findings = server.findings.value
  const layers = alerts.layerPattern.value
  const differences = useMemo(
    () =>
      compareFindings(findings, first.run, second.run).filter((found) =>
        layers.matches(found.tensor),
      ),
    [findings, layers, first.run, second.run],
  )
  const title = titleOf(server)
  return (
    <section class="comparison" aria-label="Comparison">
      <div class="comparison-top">
        <h2>
          <Swatch run={first.run} /> <bdi>{first.run}</bdi> <span class="muted">against</span>{' '}
          <Swatch run={second.run} /> <bdi>{second.run}</bdi>
        </h2>
        <CopyButton
          label="Copy as Markdown"
          text={() => comparisonMarkdown(first, second, differences, title)}
        />
        <button
          class="button"
          type="button"
          aria-pressed={baseline === first.run}
          title="All runs are compared with the baseline"
          onClick={() => view.change({ baseline: baseline === first.run ? null : first.run })}
        >
          Baseline: <bdi>{first.run}</bdi>
        </button>
        <button class="button" type="button" onClick={() => view.change({ compared: [] })}>
          End comparison
        </button>
      </div>
      <Parameters first={first} second={second} />
      <LossChart runs={[first.run, second.run]} />
      {differences.length === 0 && (
        <p class="muted">Nothing was found in either run, or no layer matches.</p>
      )}
      {differences.length > 0 && (
        <Differences first={first} second={second} differences={differences} />
      )}
    </section>
  )
}

function Parameters({ first, second }: { first: Run; second: Run }) {
  const different = differentParameters(first, second)
  if (different.length === 0) {
    return first.hparams && second.hparams ? <p class="muted">No hyper-parameter differs.</p> : null
  }
  return (
    <dl class="finding-facts">
      {different.map((parameter) => (
        <div key={parameter.name}>
          <dt>{parameter.name}</dt>
          <dd>
            {parameterText(parameter.first)} → {parameterText(parameter.second)}
          </dd>
        </div>
      ))}
    </dl>
  )
}
