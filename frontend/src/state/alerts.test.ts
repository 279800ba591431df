import { expect, it } from 'vitest'
import { aHost } from '../testing/host'
import { aFinding, aHealthyRun, aRun } from '../testing/samples'
import { aServer } from '../testing/server'
import { createAlerts } from './alerts'
import { createServerState } from './server'
import { createView } from './view'

const findings = [
  aFinding(),
  aFinding({ id: '1', tensor: 'dense_1/kernel', severity: 'warning' }),
  aFinding({
    id: '2',
    tensor: 'lstm/kernel',
    severity: 'warning',
    state: 'resolved',
    resolved_step: 90,
  }),
  aFinding({ id: '3', run: 'rnn', tensor: 'lstm/kernel', severity: 'info' }),
]

async function alertsAndView() {
  const runs = [aRun(), aRun({ run: 'rnn', verdict: 'healthy' }), aHealthyRun()]
  const server = createServerState(aServer(runs, findings))
  const view = createView(aHost())
  await server.refresh()
  return { view, alerts: createAlerts(server, view) }
}

it('shows everything, worst first', async () => {
  const { alerts } = await alertsAndView()
  expect(alerts.rows.value.map(({ finding }) => finding.severity)).toEqual([
    'critical',
    'warning',
    'warning',
    'info',
  ])
})

it('filters by run, by expression and by chip at once', async () => {
  const { alerts, view } = await alertsAndView()
  view.change({ layerFilter: 'lstm' })
  expect(alerts.rows.value.map(({ finding }) => finding.id)).toEqual(['2', '3'])
  view.change({ run: 'mlp_sigmoid' })
  expect(alerts.rows.value.map(({ finding }) => finding.id)).toEqual(['2'])
  view.change({ states: ['open'] })
  expect(alerts.rows.value).toEqual([])
  view.clearFilters()
  expect(alerts.rows.value).toHaveLength(4)
})

it('counts for each chip what it would show', async () => {
  const { alerts, view } = await alertsAndView()
  view.change({ severities: ['warning'], states: ['open'] })
  expect(alerts.counts.value?.severity).toEqual({ critical: 1, warning: 1, info: 1 })
  expect(alerts.counts.value?.state).toEqual({ open: 1, resolved: 1 })
})

it('filters the list of runs too', async () => {
  const { alerts, view } = await alertsAndView()
  view.change({ runFilter: 'RNN|cnn' })
  expect(alerts.runs.value.map(({ run }) => run)).toEqual(['rnn', 'cnn_healthy'])
  view.change({ runFilter: '(' })
  expect(alerts.runs.value).toHaveLength(3)
  expect(alerts.runPattern.value.error).not.toBeNull()
})
