import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/preact'
import { afterEach, expect, it } from 'vitest'
import { HttpError } from '../../api'
import { createTab } from '../../state'
import { aHost } from '../../testing/host'
import { aFinding, aJudgement, someRules } from '../../testing/samples'
import { aServer } from '../../testing/server'
import { TabContext } from '../context'
import { MuteForm } from './MuteForm'

afterEach(cleanup)

const earlier = { reason: 'earlier', tensor: 'a' }

function show() {
  const api = aServer()
  api.rules.mockResolvedValue(someRules({ rules: { version: 1, mute: [earlier] } }))
  api.judge.mockResolvedValue(aJudgement({ toml: 'the file' }))
  const tab = createTab(api, aHost())
  render(
    <TabContext.Provider value={tab}>
      <MuteForm finding={aFinding({ tensor: 'dense[0]/kernel' })} />
    </TabContext.Provider>,
  )
  return { api, tab }
}

const make = () => fireEvent.click(screen.getByRole('button', { name: 'Make the rule' }))
const write = (reason: string) =>
  fireEvent.input(screen.getByLabelText('Reason'), { target: { value: reason } })

it('asks for a reason before it asks the server', async () => {
  const { api } = show()
  write('  ')
  make()
  expect((await screen.findByRole('alert')).textContent).toContain('reason')
  expect(api.rules).not.toHaveBeenCalled()
})

it('adds the mute of exactly this tensor to the rules in force', async () => {
  const { api, tab } = show()
  write(' known ')
  fireEvent.click(screen.getByRole('radio', { name: /for good/ }))
  make()
  await screen.findByRole('button', { name: 'Download rule file' })
  const [text] = api.judge.mock.calls[0] ?? []
  const { mute } = JSON.parse((text as { rules: string }).rules)
  expect(mute).toEqual([
    earlier,
    { reason: 'known', symptom: 'vanishing-gradient', tensor: 'dense[[]0]/kernel' },
  ])
  fireEvent.click(screen.getByRole('button', { name: 'Show in Rules' }))
  expect(tab.view.current.value).toMatchObject({
    view: 'rules',
    draft: JSON.stringify({ version: 1, mute }),
  })
})

it('acknowledges until a day, and a changed form makes another rule', async () => {
  const { api } = show()
  write('known')
  fireEvent.input(screen.getByLabelText('Until'), { target: { value: '2100-01-31' } })
  make()
  await screen.findByRole('button', { name: 'Copy link' })
  const [text] = api.judge.mock.calls[0] ?? []
  expect((text as { rules: string }).rules).toContain('"until":"2100-01-31"')
  write('known better')
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Copy link' })).toBeNull())
})

it('says why the server made no rule', async () => {
  const { api } = show()
  api.judge.mockRejectedValue(new HttpError(400, 'the rules are too long'))
  write('known')
  make()
  expect((await screen.findByRole('alert')).textContent).toContain('the rules are too long')
})
