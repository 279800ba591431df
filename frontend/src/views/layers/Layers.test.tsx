import { cleanup, fireEvent, screen, waitFor } from '@testing-library/preact'
import { afterEach, expect, it, vi } from 'vitest'
import { aHost } from '../../testing/host'
import { aFinding, aRun } from '../../testing/samples'
import { aServer } from '../../testing/server'
import { showTab } from '../../testing/show'

vi.mock('../../draw/chart', () => ({
  drawChart: () => ({ update: () => {}, point: () => {}, resize: () => {}, destroy: () => {} }),
}))

afterEach(cleanup)

async function show(hash: string, findings = [aFinding()]) {
  const api = aServer([aRun(), aRun({ run: 'rnn', verdict: 'healthy' })], findings)
  const host = aHost(hash)
  const tab = await showTab(api, host)
  return { api, host, tab }
}

const LAYERS = '#gradhealth&p.gradhealth.view=layers'
const picture = () => screen.findByRole('application')
const reading = () => document.getElementById('heat-reading')?.textContent

it('asks for nothing before it is looked at', async () => {
  const { api } = await show('#gradhealth')
  expect(api.tensors).not.toHaveBeenCalled()
  fireEvent.click(screen.getByRole('button', { name: 'Layers' }))
  await picture()
  expect(api.heatmap.mock.lastCall?.[0]).toMatchObject({
    run: 'mlp_sigmoid',
    kind: 'gradient',
    column: 'rms',
    steps: null,
  })
})

it('is named for what it shows, of the run that needs a look', async () => {
  await show(LAYERS)
  expect((await picture()).getAttribute('aria-label')).toMatch(/^Gradients: RMS, 1 line over steps/)
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
    'Gradients: RMS of mlp_sigmoid',
  )
  expect(screen.getByText(/needs a look first/)).toBeTruthy()
})

it('is read by the keyboard, cell by cell, to the evidence', async () => {
  const { tab } = await show(LAYERS)
  const heatmap = await picture()
  fireEvent.keyDown(heatmap, { key: 'ArrowRight' })
  await waitFor(() => expect(reading()).toBe('dense_0/kernel · steps 0 to 29 · RMS 1'))
  fireEvent.keyDown(heatmap, { key: 'End' })
  await waitFor(() => expect(reading()).toBe('dense_0/kernel · steps 30 to 59 · RMS 2'))
  fireEvent.keyDown(heatmap, { key: 'Enter' })
  expect(tab.view.current.value.opened).toEqual({ run: 'mlp_sigmoid', id: '0123abcdef' })
})

it('asks the server for the steps that the reader zooms to, and keeps them in the address', async () => {
  const { api, host } = await show(LAYERS)
  fireEvent.keyDown(await picture(), { key: '+' })
  await waitFor(() => expect(host.readHash()).toContain('steps='))
  const { steps } = api.heatmap.mock.lastCall?.[0] ?? {}
  expect(steps && steps.to - steps.from).toBe(295)
  fireEvent.click(screen.getByRole('button', { name: 'All steps' }))
  await waitFor(() => expect(api.heatmap.mock.lastCall?.[0].steps).toBeNull())
})

it('says so when no layer matches, and when the server fails', async () => {
  const { api, tab } = await show(`${LAYERS}&p.gradhealth.layers=nothing`)
  expect(await screen.findByText('No layer matches the filter.')).toBeTruthy()
  api.heatmap.mockRejectedValueOnce(new Error('gone'))
  tab.view.change({ steps: { from: 1, to: 9 } })
  expect(await screen.findByText(/could not be read: gone/)).toBeTruthy()
})
