import { expect, it } from 'vitest'
import { COLUMNS, columnStyle, shownColumns } from './columns'

const names = (chosen: string[], width: number) =>
  shownColumns(chosen, width).map(({ name }) => name)

it('shows all columns in a wide table, and fewer in narrower ones', () => {
  expect(names([], 1100)).toEqual(COLUMNS.map(({ name }) => name))
  expect(names([], 1000)).not.toContain('Last seen')
  expect(names([], 690)).toEqual(['Severity', 'Symptom', 'Layer', 'Run', 'Value / limit'])
  expect(names([], 0)).toHaveLength(COLUMNS.length)
})

it('shows the chosen columns in any width, in their own order', () => {
  expect(names(['Trend', 'Symptom', 'unknown'], 300)).toEqual(['Symptom', 'Trend'])
  expect(names(['unknown'], 1100)).toHaveLength(COLUMNS.length)
})

it('keeps resized widths and demands the room that all columns need', () => {
  const columns = shownColumns(['Severity', 'Layer'], 0)
  expect(columnStyle(columns, { layer: 300 })).toEqual({
    '--columns': '110px 300px',
    '--least': '410px',
  })
  expect(columnStyle(columns, {})['--columns']).toBe('110px minmax(140px, 1fr)')
})
