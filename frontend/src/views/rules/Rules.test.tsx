import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/preact'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HttpError } from '../../api'
import type { Judged, RulesAnswer, Run } from '../../contract'
import { aHost } from '../../testing/host'
import { aFinding, aJudgement, aRun, someRules, VANISHING_RULES } from '../../testing/samples'
import { aServer } from '../../testing/server'
import { showTab } from '../../testing/show'

// happy-dom has no canvas.
vi.mock('../../draw/chart', () => ({
  drawChart: () => ({ update: () => {}, point: () => {}, resize: () => {}, destroy: () => {} }),
}))

afterEach(cleanup)

const known = aFinding()

interface Sample {
  draft?: string
  runs?: Run[]
  rules?: Partial<RulesAnswer>
  judged?: Partial<Judged>
}

async function show({ draft = '', runs = [aRun()], rules = {}, judged = {} }: Sample = {}) {
  const api = aServer(runs, [known])
  api.rules.mockResolvedValue(someRules(rules))
  api.judge.mockResolvedValue(aJudgement(judged))
  const host = aHost(
    `#gradhealth&p.gradhealth.view=rules&p.gradhealth.draft=${encodeURIComponent(draft)}`,
  )
  const tab = await showTab(api, host)
  await screen.findByRole('region', { name: 'Rules' })
  return { api, host, tab }
}

const vanishing = () => within(screen.getByRole('group', { name: 'Vanishing gradient' }))
const slider = (name: string) => vanishing().getByRole<HTMLInputElement>('slider', { name })
const field = (name: string) => vanishing().getByRole<HTMLInputElement>('textbox', { name })
const headline = () => screen.getByRole('heading', { level: 1 }).textContent
const DRAFT = '{"version":1,"symptoms":{"vanishing-gradient":{"threshold":0.01}}}'
const summary = {
  run: 'mlp_sigmoid',
  symptom: 'vanishing-gradient',
  severity: 'critical' as const,
  kind: 'gradient',
  tensor: 'dense_0/kernel',
  layer: 'dense_0',
}

describe('the rules in force', () => {
  it('are shown number by number, each with its meaning', async () => {
    await show()
    expect(headline()).toBe('Rules in force: default')
    expect(slider('threshold').getAttribute('aria-valuetext')).toBe('0.001')
    expect(field('largest step').value).toBe('0.8')
    expect(vanishing().getByText('layers over which it must fall')).toBeTruthy()
    expect(vanishing().getByText(/see “small norm”/)).toBeTruthy()
    expect(vanishing().getByText('Judges gradients; leaves out: a bias.')).toBeTruthy()
    expect(vanishing().getByText('1 finding')).toBeTruthy()
    const counts = screen.getByRole('list', { name: 'Findings by severity' })
    expect(counts.textContent).toBe('critical 1warning 0info 0')
  })

  it('say from where they are, and what is wrong with the file that was wanted', async () => {
    const [threshold, ...limits] = VANISHING_RULES.limits
    const symptom = {
      ...VANISHING_RULES,
      exclude: ['head/*'],
      limits: [{ ...threshold, value: 0.005 }, ...limits],
    } as typeof VANISHING_RULES
    await show({
      rules: {
        origin: 'team.toml',
        problem: 'other.toml: cannot be read',
        symptoms: [symptom],
        rules: { symptoms: { 'vanishing-gradient': { threshold: 0.005, exclude: ['head/*'] } } },
      },
    })
    expect(headline()).toBe('Rules in force: team.toml')
    expect(screen.getByText('other.toml: cannot be read')).toBeTruthy()
    expect(vanishing().getByText('default 0.001')).toBeTruthy()
    expect(vanishing().getByText('head/*')).toBeTruthy()
  })
})

describe('a limit', () => {
  it('is tried as it moves, marked, and goes back', async () => {
    const { api } = await show({ judged: { removed: [{ ...summary, id: known.id }] } })
    const last = Number(slider('threshold').max)
    fireEvent.input(slider('threshold'), { target: { value: String(last) } })
    await waitFor(() => expect(headline()).toBe('Trying other rules: −1 finding'))
    expect(api.judge.mock.lastCall?.[0]).toEqual({
      rules: '{"version":1,"symptoms":{"vanishing-gradient":{"threshold":0.1}}}',
    })
    expect(field('threshold').value).toBe('0.1')
    fireEvent.click(vanishing().getByRole('button', { name: 'Reset to 0.001: threshold' }))
    await waitFor(() => expect(headline()).toBe('Rules in force: default'))
    expect(field('threshold').value).toBe('0.001')
  })

  it('takes a number beyond its slider, and says why it does not take another', async () => {
    const { api } = await show()
    fireEvent.input(field('largest step'), { target: { value: '1.5' } })
    const problem = await vanishing().findByText('At most 1.')
    expect(field('largest step').getAttribute('aria-describedby')).toBe(problem.id)
    expect(slider('largest step').getAttribute('aria-valuetext')).toBe('0.8')
    fireEvent.input(field('threshold'), { target: { value: '3e3' } })
    await waitFor(() => expect(api.judge).toHaveBeenCalledTimes(1))
    expect(JSON.stringify(api.judge.mock.lastCall?.[0])).toContain('3000')
    expect(slider('threshold').value).toBe(slider('threshold').max)
  })

  it('moves by the arrow keys in its field', async () => {
    await show()
    fireEvent.keyDown(field('layers'), { key: 'ArrowUp' })
    await waitFor(() => expect(field('layers').value).toBe('4'))
  })
})

describe('a symptom', () => {
  it('can be left out, weighed otherwise, and taken back', async () => {
    const { api } = await show()
    const asked = () => JSON.stringify(api.judge.mock.lastCall?.[0])
    const least = vanishing().getByRole('combobox', { name: 'severity at least' })
    fireEvent.change(least, { target: { value: 'warning' } })
    await waitFor(() => expect(asked()).toContain('least_severity'))
    const most = vanishing().getByRole('combobox', { name: 'at most' })
    expect(most.textContent).toBe('warningcritical')
    fireEvent.click(vanishing().getByRole('checkbox', { name: 'judged' }))
    await waitFor(() => expect(asked()).toContain('enabled'))
    expect(slider('threshold').disabled).toBe(true)
    fireEvent.click(vanishing().getByRole('button', { name: 'Reset: Vanishing gradient' }))
    await waitFor(() => expect(headline()).toBe('Rules in force: default'))
  })
})

describe('what other rules would find', () => {
  const added = { ...summary, id: 'new', tensor: 'dense_9/kernel' }
  const changed = { ...summary, id: 'c', before: 'critical' as const, after: 'info' as const }
  const counts = {
    before: { critical: 1, warning: 0, info: 0 },
    after: { critical: 1, warning: 0, info: 1 },
  }
  const judged = { added: [added], removed: [{ ...summary, id: known.id }], changed: [changed] }

  it('is counted, listed, and leads to the evidence of what is known', async () => {
    const { tab } = await show({ draft: DRAFT, judged: { ...judged, counts } })
    await waitFor(() =>
      expect(headline()).toBe('Trying other rules: +1 finding, −1 finding, 1 changes its severity'),
    )
    expect(screen.getByText('info 0 →').textContent).toBe('info 0 → 1')
    expect(vanishing().getByText('+1 · −1 · 1 of other severity')).toBeTruthy()
    expect(screen.queryByRole('button', { name: /dense_9/ })).toBeNull()
    expect(screen.getByText('dense_9/kernel')).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: /^critical dense_0\/kernel/ }))
    expect(tab.view.current.value.opened).toEqual({ run: 'mlp_sigmoid', id: known.id })
    expect(screen.getByRole('button', { name: /Vanishing gradient: threshold 0.001 → 0.01/ }))
  })

  it('is told politely once it stands still', async () => {
    await show({ draft: DRAFT, judged })
    const said = () => screen.getAllByRole('status').map((status) => status.textContent)
    expect(said().join()).not.toContain('Trying')
    await waitFor(() => expect(said().join()).toContain('Trying other rules: +1 finding'), {
      timeout: 3000,
    })
  })

  it('covers at most a hundred runs, and says so', async () => {
    const runs = Array.from({ length: 140 }, (_, i) => aRun({ run: `run${i}` }))
    const { api } = await show({ draft: DRAFT, runs })
    expect(screen.getByText(/in the first 100 of 140 runs/)).toBeTruthy()
    await waitFor(() => expect(api.judge.mock.lastCall?.[1]).toHaveLength(100))
  })
})

describe('mutes', () => {
  const form = () => within(screen.getByRole('region', { name: 'Mutes' }))
  const type = (label: RegExp | string, value: string) =>
    fireEvent.input(form().getByLabelText(label), { target: { value } })

  it('need a reason, and can be removed', async () => {
    const { api, tab } = await show()
    const asked = () => JSON.stringify(api.judge.mock.lastCall?.[0])
    type(/Tensors/, 'dense_*')
    fireEvent.submit(
      form()
        .getByLabelText(/Reason/)
        .closest('form') as HTMLFormElement,
    )
    expect(await form().findByRole('alert')).toBeTruthy()
    expect(api.judge).not.toHaveBeenCalled()
    type(/Reason/, ' frozen on purpose ')
    type('Symptom', 'vanishing-gradient')
    type(/Until/, '2999-01-01')
    fireEvent.submit(
      form()
        .getByLabelText(/Reason/)
        .closest('form') as HTMLFormElement,
    )
    await waitFor(() => expect(asked()).toContain('frozen on purpose'))
    expect(JSON.parse(tab.view.current.value.draft).mute).toEqual([
      {
        reason: 'frozen on purpose',
        symptom: 'vanishing-gradient',
        tensor: 'dense_*',
        until: '2999-01-01',
      },
    ])
    expect(form().getByText(/^Vanishing gradient of/).textContent).toBe(
      'Vanishing gradient of dense_*, until 2999-01-01',
    )
    fireEvent.click(form().getByRole('button', { name: 'Remove the mute: frozen on purpose' }))
    await waitFor(() => expect(headline()).toBe('Rules in force: default'))
  })

  it('begin with the finding whose evidence is open', async () => {
    const { tab } = await show()
    tab.view.change({ opened: known })
    await waitFor(() =>
      expect(form().getByLabelText<HTMLInputElement>(/Tensors/).value).toBe('dense_0/kernel'),
    )
    expect(form().getByLabelText<HTMLSelectElement>('Symptom').value).toBe('vanishing-gradient')
  })

  it('stay when a preset is chosen', async () => {
    const mute = { reason: 'known', symptom: '*', tensor: 'a', until: '2001-02-03' }
    const { tab } = await show({ rules: { rules: { version: 1, mute: [mute] } } })
    expect(form().getByText(/over since 2001-02-03/)).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: /^strict/ }))
    expect(JSON.parse(tab.view.current.value.draft)).toEqual({
      version: 1,
      symptoms: { 'vanishing-gradient': { threshold: 0.01 } },
      mute: [mute],
    })
    await waitFor(() =>
      expect(screen.getByRole('button', { name: /^strict/ }).getAttribute('aria-pressed')).toBe(
        'true',
      ),
    )
  })
})

describe('files', () => {
  const choose = (file: File) =>
    fireEvent.change(screen.getByLabelText('Rule file'), { target: { files: [file] } })

  it('that cannot be used are told with the reason', async () => {
    const { api } = await show()
    api.judge.mockRejectedValueOnce(new HttpError(400, 'toml: is no TOML: at line 1'))
    choose(new File(['what'], 'mine.toml'))
    expect(await screen.findByText('mine.toml: is no TOML: at line 1')).toBeTruthy()
    expect(headline()).toBe('Rules in force: default')
  })

  it('are not to be had of what is not judged yet', async () => {
    const { api } = await show()
    const button = () => screen.getByRole<HTMLButtonElement>('button', { name: /Download/ })
    expect(button().disabled).toBe(false)
    let answer = (_: Judged) => {}
    api.judge.mockReturnValue(
      new Promise((resolve) => {
        answer = resolve
      }),
    )
    fireEvent.click(vanishing().getByRole('checkbox', { name: 'judged' }))
    await waitFor(() => expect(button().disabled).toBe(true))
    expect(screen.getByText('judging…')).toBeTruthy()
    answer(aJudgement())
    await waitFor(() => expect(button().disabled).toBe(false))
  })
})
