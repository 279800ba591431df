import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/preact'
import { afterEach, expect, it, vi } from 'vitest'
import type { Finding, Run } from '../../contract'
import { aHost } from '../../testing/host'
import { aFinding, aHealthyRun, aRun, VANISHING } from '../../testing/samples'
import { aServer } from '../../testing/server'
import { showTab } from '../../testing/show'

vi.mock('../../draw/chart', () => ({
  drawChart: () => ({ update: () => {}, point: () => {}, resize: () => {}, destroy: () => {} }),
}))

afterEach(() => {
  cleanup()
  localStorage.clear()
})

async function show(runs: Run[], findings: Finding[], hash = '#gradhealth') {
  const host = aHost(hash)
  await showTab(aServer(runs, findings), host)
  await screen.findByRole('heading', { level: 1 })
  return host
}

const named = aFinding()
const two = [aRun(), aHealthyRun({ rank: 1 })]

it('says how many runs are sick, what to try first, and leads to the evidence', async () => {
  await show(two, [named])
  expect(screen.getByText('1 of 2 runs is sick')).toBeTruthy()
  expect(screen.getByText(VANISHING.advice[0] as string, { exact: false })).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'See the evidence' }))
  const panel = await screen.findByRole('complementary', { name: 'Evidence' })
  expect(panel.textContent.replaceAll('\u00a0', ' ')).toContain(named.message)
})

it('says nothing of the whole of a single run, and has nothing to try where none is sick', async () => {
  await show([aRun()], [named])
  expect(screen.queryByText(/runs (is|are) sick/)).toBeNull()
  cleanup()
  await show([aHealthyRun(), aHealthyRun({ run: 'b' })], [])
  expect(screen.queryByText(/Try first/)).toBeNull()
})

it('counts the runs of each verdict where the list is folded, and folds it after a choice', async () => {
  await show(two, [named])
  const runs = screen.getByRole('navigation', { name: 'Runs' })
  const fold = within(runs).getByRole('button', { name: /All 2 runs/ })
  expect(fold.textContent).toContain('1 critical')
  fireEvent.click(fold)
  await waitFor(() => expect(fold.getAttribute('aria-expanded')).toBe('true'))
  fireEvent.click(within(runs).getByRole('button', { name: /^cnn_healthy/ }))
  await waitFor(() => expect(fold.getAttribute('aria-expanded')).toBe('false'))
})

it('shows the chosen columns, and keeps them in the address', async () => {
  const host = await show(two, [named])
  const heads = () => screen.getAllByRole('columnheader').map((head) => head.ariaLabel)
  expect(heads()).toHaveLength(9)
  fireEvent.click(screen.getByRole('checkbox', { name: 'Trend' }))
  await waitFor(() => expect(heads()).toHaveLength(8))
  expect(host.readHash()).toContain('p.gradhealth.columns=')
  fireEvent.click(screen.getByRole('checkbox', { name: 'As many as fit' }))
  await waitFor(() => expect(heads()).toHaveLength(9))
})

it('goes from row to row by j and k, pressed faster than the rows are drawn', async () => {
  const host = await show(two, [named, aFinding({ id: '1' }), aFinding({ id: '2' })])
  for (const key of ['j', 'j', 'j', 'k']) {
    host.press(new KeyboardEvent('keydown', { key, cancelable: true }))
  }
  const grid = screen.getByRole('treegrid', { name: 'Alerts' })
  await waitFor(() => expect(grid.getAttribute('aria-activedescendant')).toMatch(/^alert-1-/))
})

it('reports the runs that the filter leaves', async () => {
  await show(two, [named], '#gradhealth&p.gradhealth.runs=mlp')
  const link = (name: string) =>
    screen.getByRole('link', { name, hidden: true }).getAttribute('href')
  expect(link('Web page')).toBe('report?format=html&run=mlp_sigmoid')
  cleanup()
  await show(two, [named])
  expect(link('Markdown')).toBe('report?format=markdown')
})
