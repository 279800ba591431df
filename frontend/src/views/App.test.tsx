import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/preact'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Finding, Run, RunsAnswer } from '../contract'
import { createTab } from '../state'
import { aHost } from '../testing/host'
import { aFinding, aHealthyRun, aRun, someChecks } from '../testing/samples'
import { aServer } from '../testing/server'
import { showTab } from '../testing/show'
import { App } from './App'
import { TabContext } from './context'

// happy-dom has no canvas; the tests read the names and legends of the figures.
vi.mock('../draw/chart', () => ({
  drawChart: () => ({ update: () => {}, point: () => {}, resize: () => {}, destroy: () => {} }),
}))

afterEach(() => {
  cleanup()
  localStorage.clear()
})

const dense0 = aFinding()
const dense1 = aFinding({ id: '1', tensor: 'dense_1/kernel', severity: 'warning', origin: false })
const lstm = aFinding({
  id: '2',
  run: 'rnn',
  tensor: 'lstm/kernel',
  severity: 'info',
  origin: false,
})

async function show({
  runs = [aRun(), aHealthyRun({ run: 'rnn', rank: 1 }), aHealthyRun()] as Run[],
  findings = [dense0, dense1, lstm] as Finding[],
  hash = '#gradhealth',
} = {}) {
  const api = aServer(runs, findings)
  const host = aHost(hash)
  const tab = await showTab(api, host)
  await screen.findByRole('heading', { level: 1 })
  return { api, host, tab }
}

const grid = () => screen.getByRole('treegrid', { name: 'Alerts' })
const layers = () => within(grid()).getAllByRole('row').slice(1).map(layerOf)
const layerOf = (row: HTMLElement) => row.querySelector('bdi')?.textContent
const rowOf = (layer: string) => {
  const row = within(grid())
    .getAllByRole('row')
    .find((row) => layerOf(row) === layer)
  if (!row) throw new Error(`no row of ${layer}`)
  return row
}

describe('the first screen', () => {
  it('says that it is reading, then gives the verdict', async () => {
    const tab = createTab(aServer(), aHost())
    render(
      <TabContext.Provider value={tab}>
        <App />
      </TabContext.Provider>,
    )
    expect(screen.getByText('Reading the log directory…')).toBeTruthy()
    await tab.server.refresh()
    expect((await screen.findByRole('heading', { level: 1 })).textContent).toBe(
      'mlp_sigmoid: dense_0/kernel receives almost no gradient since step 40.',
    )
  })

  it('lists the alerts, worst first, with what a person needs to judge them', async () => {
    await show()
    expect(layers()).toEqual(['dense_0/kernel', 'dense_1/kernel', 'lstm/kernel'])
    const row = rowOf('dense_0/kernel').textContent
    for (const text of ['critical', 'Vanishing gradient', '4.1e-4 / 1e-3', '590']) {
      expect(row).toContain(text)
    }
  })

  it('says of files that could not be read where it speaks of the run', async () => {
    const problem = { path: 'logs/a', offset: 7, message: 'a checksum does not match' }
    const broken = aRun({ problems: [problem] })
    await show({ runs: [broken, aHealthyRun()], hash: '#gradhealth' })
    expect(screen.getByRole('button', { name: '1 problem in the files' })).toBeTruthy()
    cleanup()
    await show({ runs: [broken, aHealthyRun()], hash: '#gradhealth&p.gradhealth.run=cnn_healthy' })
    expect(screen.queryByRole('button', { name: /in the files/ })).toBeNull()
  })

  it('treats names as text', async () => {
    await show({ findings: [aFinding({ tensor: '<img src=x>', run: '<b>' })] })
    expect(layers()).toEqual(['<img src=x>'])
    expect(document.querySelector('img, b')).toBeNull()
  })

  it('says how each finding goes on', async () => {
    const findings = [
      aFinding({ id: '1', tensor: 'lasting', last_step: 590 }),
      aFinding({ id: '2', tensor: 'lagging', last_step: 480 }),
      aFinding({ id: '3', tensor: 'over', state: 'resolved', last_step: 80, resolved_step: 90 }),
    ]
    await show({ findings })
    const state = (layer: string) => rowOf(layer).querySelector('.cell.state')?.textContent
    expect(['lasting', 'lagging', 'over'].map(state)).toEqual([
      'open',
      'open, last seen at step 480',
      'resolved at 90',
    ])
  })

  it('keeps thousands of rows out of the document', async () => {
    const findings = Array.from({ length: 5000 }, (_, i) => aFinding({ id: `${i}` }))
    await show({ findings })
    expect(grid().getAttribute('aria-rowcount')).toBe('5001')
    expect(within(grid()).getAllByRole('row').length).toBeLessThan(60)
  })
})

describe('runs', () => {
  it('carry their verdict and filter the table when one is chosen', async () => {
    const { host } = await show()
    fireEvent.click(screen.getByRole('button', { name: /^rnn/ }))
    await waitFor(() => expect(layers()).toEqual(['lstm/kernel']))
    expect(host.readHash()).toContain('p.gradhealth.run=rnn')
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('rnn: Healthy so far.')
    fireEvent.click(screen.getByRole('button', { name: 'All runs' }))
    await waitFor(() => expect(layers()).toHaveLength(3))
  })

  it('say what is not measured and what could not be read', async () => {
    const not_measured = [{ tensor: 'head/kernel', kind: 'gradient', reason: 'gradient is None' }]
    const problems = [{ path: 'a/events.1', offset: 812, message: 'the record is cut off' }]
    await show({ runs: [aRun({ not_measured, problems })] })
    expect(screen.getByText('1 tensor: gradient is None')).toBeTruthy()
    const said = screen.getByRole('region', { name: 'Problems' }).textContent
    expect(said).toContain('a/events.1 at byte 812: the record is cut off')
  })
})

describe('filters', () => {
  it('narrow the table as they are typed, and are kept in the address', async () => {
    const { host } = await show()
    const field = screen.getByRole('searchbox', { name: 'Filter layers (regex)' })
    fireEvent.input(field, { target: { value: 'dense_[01]' } })
    await waitFor(() => expect(layers()).toEqual(['dense_0/kernel', 'dense_1/kernel']))
    expect(host.readHash()).toContain('p.gradhealth.layers=dense_%5B01%5D')
  })

  it('that are invalid say so and filter nothing', async () => {
    await show()
    const field = screen.getByRole('searchbox', { name: 'Filter runs (regex)' })
    fireEvent.input(field, { target: { value: '(' } })
    expect((await screen.findByRole('alert')).textContent).toContain('nothing is filtered')
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(layers()).toHaveLength(3)
  })

  it('by severity show their counts and can be pressed', async () => {
    await show()
    const chips = screen.getByRole('group', { name: 'Severity' })
    fireEvent.click(within(chips).getByRole('button', { name: 'warning 1' }))
    await waitFor(() => expect(layers()).toEqual(['dense_1/kernel']))
    expect(within(chips).getByRole('button', { name: 'critical 1' })).toBeTruthy()
  })

  it('that leave nothing can be cleared', async () => {
    await show({ hash: '#gradhealth&p.gradhealth.layers=nowhere' })
    fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }))
    await waitFor(() => expect(layers()).toHaveLength(3))
  })
})

describe('sorting', () => {
  it('is told by the header and turned by it', async () => {
    await show()
    const header = screen.getByRole('columnheader', { name: 'Layer' })
    expect(header.getAttribute('aria-sort')).toBe('none')
    fireEvent.click(within(header).getByRole('button'))
    await waitFor(() => expect(header.getAttribute('aria-sort')).toBe('ascending'))
    fireEvent.click(within(header).getByRole('button'))
    await waitFor(() =>
      expect(layers()).toEqual(['lstm/kernel', 'dense_1/kernel', 'dense_0/kernel']),
    )
  })
})

describe('the keyboard', () => {
  it('moves along the rows, opens one and closes it', async () => {
    await show()
    grid().focus()
    fireEvent.keyDown(grid(), { key: 'ArrowDown' })
    fireEvent.keyDown(grid(), { key: 'ArrowDown' })
    await waitFor(() =>
      expect(grid().getAttribute('aria-activedescendant')).toBe(rowOf('dense_1/kernel').id),
    )
    fireEvent.keyDown(grid(), { key: 'Enter' })
    const panel = await screen.findByRole('complementary', { name: 'Evidence' })
    expect(panel.textContent).toContain('dense_1/kernel')
    fireEvent.keyDown(document.body, { key: 'Escape' })
    await waitFor(() => expect(screen.queryByRole('complementary')).toBeNull())
    expect(document.activeElement).toBe(grid())
  })

  it('stays on its row when alerts open above it', async () => {
    const { api, tab } = await show()
    grid().focus()
    fireEvent.keyDown(grid(), { key: 'End' })
    await waitFor(() => expect(rowOf('lstm/kernel').className).toContain('active'))
    const same = grid()
    api.findings.mockResolvedValue([aFinding({ id: 'new', opened_step: 1 }), dense0, dense1, lstm])
    await tab.server.refresh({ force: true })
    await waitFor(() => expect(layers()).toHaveLength(4))
    expect(grid()).toBe(same)
    expect(document.activeElement).toBe(same)
    expect(grid().getAttribute('aria-activedescendant')).toBe(rowOf('lstm/kernel').id)
  })
})

describe('evidence', () => {
  it('shows the series, the meaning, what to try and where to look on', async () => {
    const { host } = await show()
    fireEvent.click(rowOf('dense_0/kernel'))
    const panel = await screen.findByRole('complementary', { name: 'Evidence' })
    const chart = await within(panel).findByRole('img', { name: /^gradient RMS \/ median layer/ })
    expect(chart.getAttribute('aria-label')).toContain('from 0.01 at step 10 to 4e-4 at step 30')
    expect(within(panel).queryByRole('img', { name: /^loss/ })).toBeNull()
    within(panel).getByText('All charts').closest('details')?.setAttribute('open', '')
    fireEvent(
      within(panel).getByText('All charts').closest('details') as Element,
      new Event('toggle'),
    )
    expect(
      await within(panel).findByRole('img', { name: /^loss: .*no finite value first at step 20/ }),
    ).toBeTruthy()
    expect(panel.textContent).toContain('Replace sigmoid by ReLU or GELU')
    fireEvent.click(within(panel).getByRole('link', { name: 'Histograms' }))
    expect(host.open).toHaveBeenCalledWith(
      expect.objectContaining({ tab: 'histograms', tagFilter: 'dense_0(?!\\d)' }),
    )
  })

  it('is opened by the address', async () => {
    await show({ hash: '#gradhealth&p.gradhealth.finding=1%3Amlp_sigmoid' })
    const panel = screen.getByRole('complementary', { name: 'Evidence' })
    expect(panel.textContent).toContain('dense_1/kernel')
    expect(rowOf('dense_1/kernel').getAttribute('aria-selected')).toBe('true')
  })

  it('says when a finding is no longer there', async () => {
    await show({ hash: '#gradhealth&p.gradhealth.finding=gone%3Amlp_sigmoid' })
    const panel = screen.getByRole('complementary', { name: 'Evidence' })
    expect(panel.textContent).toContain('not among those')
  })
})

describe('trouble', () => {
  it('keeps what is shown when the server goes away, and says so in one line', async () => {
    const { api, tab } = await show()
    api.runs.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    await tab.server.refresh()
    await waitFor(() =>
      expect(screen.getByTestId('status').textContent).toContain('TensorBoard does not answer.'),
    )
    expect(layers()).toHaveLength(3)
    await tab.server.refresh()
    await waitFor(() => expect(screen.getByTestId('status').textContent).toContain('updated'))
  })

  it('shows what was looked for and the code to paste when there is no run', async () => {
    await show({ runs: [], findings: [] })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('No Grad Health records yet')
    const main = screen.getByRole('main').textContent
    const calls = [
      'KerasCallback(log_dir)',
      'gradhealth.summary(',
      '.watch(model',
      'watch.observe(',
    ]
    for (const text of ['logs', ...calls]) {
      expect(main).toContain(text)
    }
    expect(screen.getAllByRole('button', { name: 'Copy' })).toHaveLength(4)
  })
})

describe('where nothing was found', () => {
  const reservation = 'no loss recorded, 1 symptom not judged'
  const not_judged = [{ symptom: 'loss-spike', title: 'Loss spike', reason: 'no loss recorded' }]
  const calm = aHealthyRun({ reservation, checked: someChecks({ not_judged }) })
  const panel = () => screen.getByRole('region', { name: 'What was checked' })

  it('stands what was checked, what was not, and what came closest to a limit', async () => {
    await show({ runs: [calm], findings: [] })
    expect(screen.getByText('No symptom has been found.')).toBeTruthy()
    for (const text of [
      '26 tensors · 60 records · steps 0 to 590 · 1 symptom judged, 1 not',
      'Vanishing gradient · dense_0/kernel gradient · 4e-3, a finding below 1e-3',
      'Not judged: no loss recordedLoss spike',
    ]) {
      expect(panel().textContent).toContain(text)
    }
  })

  it('stands a line for each of several runs, which leads to it', async () => {
    await show({ runs: [calm, aHealthyRun({ run: 'b' })], findings: [] })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
      'All 2 runs look healthy; 1 with reservations',
    )
    expect(panel().textContent).toContain(`1 symptom judged, 1 not; ${reservation}`)
    fireEvent.click(within(panel()).getByRole('button', { name: 'b' }))
    await waitFor(() => expect(panel().textContent).toContain('26 tensors · 60 records'))
  })

  it('is told of a chosen run, whatever was found in others', async () => {
    await show({ hash: '#gradhealth&p.gradhealth.run=cnn_healthy' })
    expect(panel()).toBeTruthy()
    expect(screen.queryByText(/passes the filters/)).toBeNull()
  })

  it('is not said where filters hide what was found', async () => {
    await show({ hash: '#gradhealth&p.gradhealth.layers=nowhere' })
    expect(screen.getByText('No finding passes the filters.')).toBeTruthy()
    expect(screen.queryByRole('region', { name: 'What was checked' })).toBeNull()
  })

  it('is said beside what the rules mute', async () => {
    await show({ findings: [aFinding({ muted: 'known' })] })
    expect(screen.getByText('Nothing was found but 1 finding that the rules mute.')).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: 'Show' }))
    await waitFor(() => expect(layers()).toEqual(['dense_0/kernel']))
  })

  it('says of a young run how much is missing', async () => {
    const headline = 'Too early to say: 3 of 10 records.'
    const young = aHealthyRun({
      run: 'young',
      verdict: 'too early',
      headline,
      enough: { records: 3, wanted: 10 },
    })
    await show({ runs: [young], findings: [] })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(`young: ${headline}`)
    const run = screen.getByRole('button', { name: /^young/ })
    expect(run.querySelector('.chip.unknown')?.textContent).toBe('too early')
    expect(run.textContent).toContain('3 of 10 records')
  })
})

describe('the first screen agrees with itself', () => {
  it('in headline, table and Layers, whatever the order in which the runs come', async () => {
    const runs = [
      aHealthyRun({ rank: 2 }),
      aRun({ run: 'later', rank: 1 }),
      aRun({ run: 'first', rank: 0, headline: 'b/kernel has held NaN since step 40.' }),
    ]
    const findings = ['later', 'first'].map((run) => aFinding({ run, tensor: `${run}/kernel` }))
    const { tab } = await show({ runs, findings })
    expect(screen.getByRole('heading', { level: 1 }).textContent).toMatch(/^first: b\/kernel/)
    expect(layers()).toEqual(['first/kernel', 'later/kernel'])
    expect(tab.layers.run.value).toBe('first')
    fireEvent.click(screen.getByRole('button', { name: 'Runs' }))
    await waitFor(() =>
      expect(screen.getAllByRole('rowheader').map((head) => head.textContent)).toEqual([
        'first',
        'later',
        'cnn_healthy',
      ]),
    )
  })
})

describe('incidents', () => {
  const origin = aFinding({ incident: 'i' })
  const others = [1, 2, 3].map((n) =>
    aFinding({ id: `o${n}`, incident: 'i', tensor: `late_${n}/kernel`, origin: false }),
  )
  const findings = [origin, ...others, dense1]

  it('are one row with their likely origin until they are unfolded', async () => {
    const { host } = await show({ findings })
    expect(layers()).toEqual(['dense_0/kernel', 'dense_1/kernel'])
    const lead = rowOf('dense_0/kernel')
    expect(lead.textContent).toContain('likely origin')
    expect(lead.getAttribute('aria-expanded')).toBe('false')
    grid().focus()
    fireEvent.keyDown(grid(), { key: 'ArrowDown' })
    await waitFor(() => expect(grid().getAttribute('aria-activedescendant')).toBe(lead.id))
    fireEvent.keyDown(grid(), { key: 'ArrowRight' })
    await waitFor(() => expect(layers()).toHaveLength(5))
    expect(rowOf('late_2/kernel').getAttribute('aria-level')).toBe('2')
    expect(host.readHash()).toContain('p.gradhealth.unfolded=')
    fireEvent.keyDown(grid(), { key: 'End' })
    fireEvent.keyDown(grid(), { key: 'Home' })
    fireEvent.keyDown(grid(), { key: 'ArrowLeft' })
    await waitFor(() => expect(layers()).toHaveLength(2))
  })

  it('tell of each that is folded what it follows from, or that it only began then', async () => {
    const follower = aFinding({ id: 'f', incident: 'i', tensor: 'late', origin: false })
    const found = [origin, { ...follower, follows: origin.id }, { ...follower, id: 'g' }]
    await show({ findings: found, hash: '#gradhealth&p.gradhealth.unfolded=i%3Amlp_sigmoid' })
    const [lead, ...rest] = within(grid()).getAllByRole('row').slice(1)
    expect(lead?.textContent).not.toMatch(/follows|same time/)
    expect(rest[0]?.textContent).toContain('follows from dense_0/kernel')
    expect(rest[1]?.textContent).toContain('at the same time')
    fireEvent.click(rest[0] as HTMLElement)
    const panel = await screen.findByRole('complementary', { name: 'Evidence' })
    const cause = within(panel).getByRole('button', { name: /of dense_0\/kernel/ })
    expect(cause.textContent).toBe('vanishing gradient of dense_0/kernel')
    fireEvent.click(cause)
    await waitFor(() => expect(lead?.getAttribute('aria-selected')).toBe('true'))
  })

  it('stand open around the finding that an address names', async () => {
    await show({ findings, hash: '#gradhealth&p.gradhealth.finding=o2%3Amlp_sigmoid' })
    expect(rowOf('late_2/kernel').getAttribute('aria-selected')).toBe('true')
  })

  it('can be given up for one row a finding', async () => {
    await show({ findings })
    fireEvent.click(screen.getByRole('button', { name: 'Incidents' }))
    await waitFor(() => expect(layers()).toHaveLength(5))
  })
})

describe('what is muted', () => {
  it('is left out until it is asked for, and says why', async () => {
    const muted = aFinding({ id: 'm', tensor: 'bias', muted: 'a bias may be still' })
    await show({ findings: [dense1, muted] })
    expect(layers()).toEqual(['dense_1/kernel'])
    fireEvent.click(screen.getByRole('button', { name: 'muted 1' }))
    await waitFor(() => expect(layers()).toContain('bias'))
    expect(rowOf('bias').querySelector('[title="Muted: a bias may be still"]')).toBeTruthy()
  })
})

describe('news', () => {
  it('is told without moving the rows, and shown when the reader wants it', async () => {
    const { api, tab } = await show()
    expect(screen.queryByRole('button', { name: /new finding/ })).toBeNull()
    const late = aFinding({ id: 'late', tensor: 'late/kernel', severity: 'info' })
    api.findings.mockResolvedValue([dense0, dense1, lstm, late])
    await tab.server.refresh({ force: true })
    fireEvent.click(await screen.findByRole('button', { name: '1 new finding: show' }))
    await waitFor(() =>
      expect(grid().getAttribute('aria-activedescendant')).toBe(rowOf('late/kernel').id),
    )
    expect(screen.queryByRole('button', { name: /new finding/ })).toBeNull()
  })

  it('is not what a run turns out to hold that was still being read', async () => {
    const halfway = { done: false, bytes: 200, bytes_read: 100 }
    const { api, tab } = await show({ runs: [aRun({ loading: halfway })], findings: [dense0] })
    const answer = await api.runs()
    const reading = { ...answer, loading: { ...halfway, runs: 1, runs_read: 0 } }
    const tell = async (told: RunsAnswer, found: Finding[]) => {
      api.runs.mockResolvedValue(told)
      api.findings.mockResolvedValue(found)
      await tab.server.refresh({ force: true })
    }
    await tell(reading, [dense0])
    await tell({ ...answer, runs: [aRun()] }, [dense0, dense1])
    await waitFor(() => expect(layers()).toContain('dense_1/kernel'))
    expect(screen.queryByRole('button', { name: /new finding/ })).toBeNull()
    const late = aFinding({ id: 'late', tensor: 'late/kernel' })
    await tell({ ...answer, runs: [aRun({ last_step: 600 })] }, [dense0, dense1, late])
    await screen.findByRole('button', { name: '1 new finding: show' })
  })
})

describe('columns', () => {
  it('are widened by the arrow keys, and the width is in the address', async () => {
    const { host } = await show()
    const edge = screen.getByRole('separator', { name: 'Width of Layer' })
    fireEvent.keyDown(edge, { key: 'ArrowRight' })
    await waitFor(() => expect(grid().getAttribute('style')).toContain('minmax(158px, 0.6fr) 48px'))
    expect(host.readHash()).toContain('p.gradhealth.widths=layer')
    fireEvent.keyDown(edge, { key: 'Home' })
    await waitFor(() => expect(host.readHash()).not.toContain('widths'))
  })
})
