import { expect, it } from 'vitest'
import { bandCsv, seriesCsv } from './chart-csv'
import type { ChartSeries } from './chart-series'

const series: ChartSeries = {
  name: 'measured',
  title: 'share',
  steps: [0, 10],
  lines: [
    { column: 'value', label: 'share of zeros, largest', values: [0.25, null] },
    { column: 'threshold', label: '=limit', values: [0.5, 0.5] },
  ],
  logarithmic: false,
  unit: 'share',
  events: [],
}

it('writes a row for each step, with unformatted numbers and safe names', () => {
  expect(seriesCsv(series)).toBe(
    'step,"share of zeros, largest",\'=limit\r\n0,0.25,0.5\r\n10,,0.5\r\n',
  )
})

it('writes a column for each layer of a band', () => {
  const values = [
    [1, Number.NaN],
    [3, 4],
  ]
  const band = {
    steps: Float64Array.from([0, 10]),
    rows: 2,
    names: ['a/kernel', 'b/kernel'],
    value: (row: number, column: number) => values[row]?.[column] ?? Number.NaN,
  }
  expect(bandCsv(band)).toBe('step,a/kernel,b/kernel\r\n0,1,3\r\n10,,4\r\n')
})
