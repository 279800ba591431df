import { signal } from '@preact/signals'
import { expect, it, vi } from 'vitest'
import type { Finding } from '../contract'
import { aFinding } from '../testing/samples'
import { aServer } from '../testing/server'
import { createDetails } from './details'

function start(finding: Finding | null = aFinding()) {
  const api = aServer()
  const opened = signal(finding)
  return { api, opened, details: createDetails(api, opened) }
}

it('asks for nothing while nothing is opened', () => {
  const { api, details } = start(null)
  expect(details.value).toBeNull()
  expect(api.tensors).not.toHaveBeenCalled()
})

it('shows each part as it comes', async () => {
  const { details } = start()
  await vi.waitFor(() => expect(details.value?.heatmap).not.toBeNull())
  expect(details.value?.tensor?.tensor).toBe('dense_0/kernel')
  expect(details.value?.steps?.header.statistic).toBe('RMS')
  expect(details.value?.magnitudes?.header.bins).toBe(2)
})

it('leaves out a part that cannot be had, and shows the others', async () => {
  const { api, opened, details } = start(null)
  api.magnitudes.mockRejectedValue(new Error('no'))
  opened.value = aFinding()
  await vi.waitFor(() => expect(details.value?.heatmap).not.toBeNull())
  expect(details.value?.magnitudes).toBeNull()
  expect(details.value?.steps).not.toBeNull()
})

it('shows the last opened finding, whatever answer comes last', async () => {
  const { api, opened, details } = start()
  let late = (_: Finding[]) => {}
  api.states.mockReturnValueOnce(
    new Promise((resolve) => {
      late = () =>
        resolve([
          {
            symptom: 'late',
            kind: '',
            tensor: '',
            layer: '',
            state: '',
            reason: '',
            value: 0,
            threshold: 0,
          },
        ])
    }),
  )
  await vi.waitFor(() => expect(api.states).toHaveBeenCalled())
  opened.value = aFinding({ id: 'other', tensor: 'dense_0/kernel' })
  await vi.waitFor(() => expect(details.value?.heatmap).not.toBeNull())
  late([])
  await Promise.resolve()
  await Promise.resolve()
  expect(details.value?.states).toEqual([])
})
