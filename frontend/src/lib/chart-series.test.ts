import { expect, it } from 'vitest'
import type { Evidence } from '../api'
import { aFinding, VANISHING } from '../testing/samples'
import { anEvidence } from '../testing/server'
import { chartSeries, drawable } from './chart-series'

const withColumn = (name: string, values: number[]): Evidence => {
  const evidence = anEvidence(aFinding())
  return { ...evidence, columns: new Map([...evidence.columns, [name, Float64Array.from(values)]]) }
}

it('draws the measure with its limit, the statistic with its reference, and the loss', () => {
  const charts = chartSeries(anEvidence(), VANISHING)
  expect(charts.map(({ name, lines }) => [name, lines.map(({ column }) => column)])).toEqual([
    ['measured', ['value', 'threshold']],
    ['statistic', ['statistic', 'reference']],
    ['loss', ['loss']],
  ])
  expect(charts.map(({ logarithmic }) => logarithmic)).toEqual([true, true, false])
  expect(charts[0]?.title).toBe('gradient RMS / median layer')
})

it('leaves out what was not measured', () => {
  const none = new Array(4).fill(Number.NaN)
  expect(chartSeries(withColumn('loss', none), VANISHING).map(({ name }) => name)).not.toContain(
    'loss',
  )
})

it('never hands a non-finite number to the chart, nor zero to a logarithm', () => {
  const values = Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 2)
  expect(drawable(values, true)).toEqual([null, null, null, null, 2])
  expect(drawable(values, false)).toEqual([null, null, 0, -1, 2])
})

it('marks the steps at which the loss was no number, or a measure infinite', () => {
  const [, , loss] = chartSeries(anEvidence(), VANISHING)
  expect(loss?.events).toEqual([20])
  const infinite = withColumn('value', [Number.NaN, 1, Number.POSITIVE_INFINITY, 1])
  expect(chartSeries(infinite, VANISHING)[0]?.events).toEqual([20])
})
