import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/preact'
import { afterEach, expect, it, vi } from 'vitest'
import { aHost } from '../../testing/host'
import { aFinding, aHealthyRun, aLossTensor, aRun } from '../../testing/samples'
import { aServer } from '../../testing/server'
import { showTab } from '../../testing/show'

vi.mock('../../draw/losses', () => ({
  drawLosses: () => ({ resize: () => {}, destroy: () => {} }),
}))
vi.mock('../../draw/chart', () => ({
  drawChart: () => ({ update: () => {}, point: () => {}, resize: () => {}, destroy: () => {} }),
}))

afterEach(() => {
  cleanup()
  localStorage.clear()
})

const runs = [
  aRun({ run: 'a', hparams: { rate: 0.1 } }),
  aRun({
    run: 'b',
    rank: 1,
    verdict: 'warning',
    hparams: { rate: 0.5 },
    reservation: 'no activation recorded',
    loss: { first: 3.374, last: 0.14, non_finite_since: 343 },
  }),
  aHealthyRun({ run: 'c', hparams: { rate: 0.01 } }),
]
const findings = [
  aFinding({ run: 'a', id: '1' }),
  aFinding({ run: 'b', id: '2', severity: 'warning', tensor: 'dense_1/kernel' }),
]

async function show(hash = '#gradhealth&p.gradhealth.view=runs', found = findings) {
  const api = aServer(runs, found)
  const tab = await showTab(api, aHost(hash))
  await screen.findByRole('heading', { level: 1 })
  return { api, tab }
}

const order = () => screen.getAllByRole('rowheader').map((header) => header.textContent)

it('shows each run with its symptoms and its hyper-parameters, the sickest first', async () => {
  await show()
  expect(order()).toEqual(['a', 'b', 'c'])
  expect(screen.getByRole('heading', { level: 1 }).textContent).toContain('2 of 3 runs are sick')
  fireEvent.click(screen.getByRole('button', { name: 'rate' }))
  expect(order()).toEqual(['c', 'a', 'b'])
  expect(screen.getByRole('columnheader', { name: 'rate' }).getAttribute('aria-sort')).toBe(
    'ascending',
  )
})

it('says since when a loss is no number, and what a verdict could not take into account', async () => {
  const { tab } = await show()
  const line = document.querySelector('tr[data-run="b"]')
  expect(line?.textContent).toContain('3.37 → NaN since 343')
  expect(line?.textContent).toContain('no activation recorded')
  tab.view.change({ compared: ['a', 'b'] })
  await waitFor(() =>
    expect(screen.getByRole('region', { name: 'Comparison' }).textContent).toContain(
      'b NaN since 343',
    ),
  )
})

it('leads from a cell to the alerts of that run and symptom', async () => {
  const { tab } = await show()
  fireEvent.click(screen.getByRole('button', { name: /Vanishing gradient in b: 1, worst warning/ }))
  expect(tab.view.current.value).toMatchObject({
    view: 'overview',
    run: 'b',
    symptoms: ['vanishing-gradient'],
  })
})

it('compares two runs, and asks for their losses only then', async () => {
  const { api, tab } = await show()
  expect(api.series).not.toHaveBeenCalled()
  fireEvent.click(screen.getByRole('checkbox', { name: 'Compare a' }))
  expect(screen.getByText(/Tick another run/)).toBeTruthy()
  fireEvent.click(screen.getByRole('checkbox', { name: 'Compare b' }))
  const comparison = within(screen.getByRole('region', { name: 'Comparison' }))
  expect(comparison.getByText('0.1 → 0.5')).toBeTruthy()
  expect(comparison.getByText('Only in a')).toBeTruthy()
  fireEvent.click(comparison.getByRole('button', { name: /of dense_1\/kernel in b/ }))
  expect(tab.view.current.value.opened).toEqual({ run: 'b', id: '2' })
  await waitFor(() => expect(api.tensors).toHaveBeenCalledWith('a'))
  fireEvent.click(screen.getByRole('checkbox', { name: 'Compare c' }))
  expect(tab.view.current.value.compared).toEqual(['a', 'b', 'c'])
})

it('shows more than two runs by their losses and the layer of their headline', async () => {
  const api = aServer(
    runs.map((run) => ({ ...run, named: { a: '1', b: '2' }[run.run] ?? null })),
    findings,
  )
  api.tensors.mockResolvedValue([aLossTensor()])
  const tab = await showTab(api, aHost('#gradhealth&p.gradhealth.view=runs'))
  tab.view.change({ compared: ['a', 'b', 'c'] })
  const comparison = within(await screen.findByRole('region', { name: 'Comparison' }))
  await waitFor(() => expect(comparison.getAllByRole('img', { name: /^Loss, / })).toHaveLength(3))
  expect(api.evidence.mock.calls.map(([run]) => run)).toEqual(['a', 'b'])
  const [a] = comparison.getAllByRole('button', { name: /^Vanishing gradient: / })
  fireEvent.click(a as HTMLElement)
  expect(tab.view.current.value.opened?.run).toBe('a')
})

it('groups the runs by a hyper-parameter, the sickest of each group first', async () => {
  const { tab } = await show()
  fireEvent.change(screen.getByLabelText('Group by'), { target: { value: 'rate' } })
  expect(tab.view.current.value.runGroup).toBe('rate')
  expect(order()).toEqual(['rate 0.01', 'c', 'rate 0.1', 'a', 'rate 0.5', 'b'])
  const group = screen.getByRole('rowheader', { name: 'rate 0.5' })
  expect(group.closest('tr')?.textContent).toContain('1 run: 1 warning')
})

it('says what is new or worse against a baseline, and lists it', async () => {
  const { tab } = await show('#gradhealth&p.gradhealth.view=runs', [
    aFinding({ run: 'a', id: '1', severity: 'warning' }),
    aFinding({ run: 'b', id: '1', severity: 'critical' }),
    aFinding({ run: 'b', id: '2', tensor: 'head/kernel' }),
  ])
  fireEvent.change(screen.getByLabelText('Baseline'), { target: { value: 'a' } })
  expect(
    screen.getByRole('button', { name: 'c against the baseline: nothing new, 1 gone' }),
  ).toBeTruthy()
  fireEvent.click(screen.getByRole('button', { name: 'b against the baseline: 1 new, 1 worse' }))
  expect(tab.view.current.value.compared).toEqual(['a', 'b'])
  const comparison = within(screen.getByRole('region', { name: 'Comparison' }))
  expect(comparison.getByText('New in b')).toBeTruthy()
  expect(comparison.getByText('worse')).toBeTruthy()
})

it('hides columns, and keeps that in the address', async () => {
  const { tab } = await show()
  fireEvent.click(screen.getByRole('checkbox', { name: 'rate' }))
  expect(screen.queryByRole('columnheader', { name: 'rate' })).toBeNull()
  expect(tab.view.current.value.hiddenColumns).toEqual(['hparam:rate'])
  expect(screen.getByText(/1 hidden/)).toBeTruthy()
})

it('shows health against each hyper-parameter for enough runs', async () => {
  const many = [
    ...[0.1, 0.2, 0.4].map((rate, i) => aRun({ run: `sick_${i}`, hparams: { rate, seed: i } })),
    ...[0.001, 0.002].map((rate, i) =>
      aHealthyRun({ run: `well_${i}`, hparams: { rate, seed: i } }),
    ),
  ]
  await showTab(aServer(many, []), aHost('#gradhealth&p.gradhealth.view=runs'))
  const strips = within(await screen.findByRole('region', { name: 'Health by hyper-parameter' }))
  const names = strips.getAllByRole('img').map((plot) => plot.getAttribute('aria-label'))
  expect(names).toEqual([
    'Runs by rate, a lane for each verdict. 3 of 3 sick runs and 0 of 2 healthy at ≥ 0.1.',
    'Runs by seed, a lane for each verdict. Sick and healthy runs are mixed.',
  ])
})

it('shows the runs within a range of a hyper-parameter, and says so', async () => {
  const many = [0.001, 0.01, 0.1, 1].map((rate, i) =>
    aRun({ run: `r${i}`, rank: i, hparams: { rate, seed: i } }),
  )
  const tab = await showTab(aServer(many, []), aHost('#gradhealth&p.gradhealth.view=runs'))
  fireEvent.click(await screen.findByRole('button', { name: 'together' }))
  const upper = screen.getByRole('slider', { name: 'rate to' })
  expect(upper.getAttribute('aria-valuetext')).toBe('1')
  fireEvent.keyDown(upper, { key: 'ArrowDown' })
  fireEvent.keyDown(screen.getByRole('slider', { name: 'rate from' }), { key: 'ArrowUp' })
  expect(tab.view.current.value.ranges).toEqual({ rate: ['0.01', '0.1'] })
  expect(order()).toEqual(['r1', 'r2'])
  expect(screen.getByText('rate 0.01 to 0.1').closest('p')?.textContent).toContain('2 of 4 runs')
  // An end stops at the other one.
  fireEvent.keyDown(upper, { key: 'Home' })
  expect(tab.view.current.value.ranges).toEqual({ rate: ['0.01', '0.01'] })
  fireEvent.click(screen.getByRole('button', { name: 'Clear ranges' }))
  expect(order()).toHaveLength(4)
})

it('says which run was earlier, and of filtered layers only', async () => {
  const both = [
    aFinding({ run: 'a', id: '1', opened_step: 40 }),
    aFinding({ run: 'b', id: '1', opened_step: 25 }),
    aFinding({ run: 'b', id: '2', tensor: 'head/kernel' }),
  ]
  await show('#gradhealth&p.gradhealth.view=runs&p.gradhealth.compare=a%2Cb', both)
  const comparison = within(screen.getByRole('region', { name: 'Comparison' }))
  expect(comparison.getByText('15 steps earlier')).toBeTruthy()
  expect(comparison.getByText('head/kernel')).toBeTruthy()
  fireEvent.input(screen.getByLabelText('Filter layers (regex)'), { target: { value: 'dense' } })
  await waitFor(() => expect(comparison.queryByText('head/kernel')).toBeNull())
  expect(comparison.getByText('15 steps earlier')).toBeTruthy()
})

it('says so when a compared run is gone', async () => {
  await show('#gradhealth&p.gradhealth.view=runs&p.gradhealth.compare=a%2Cgone')
  expect(screen.getByText(/not there \(any more\)/)).toBeTruthy()
})
