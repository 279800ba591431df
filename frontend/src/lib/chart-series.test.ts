import { expect, it } from 'vitest'
import type { Evidence, Series, Steps } from '../api'
import { encodeFrame } from '../testing/frames'
import { aFinding, VANISHING } from '../testing/samples'
import { anEvidence } from '../testing/server'
import { chartSeries, drawable, rateSeries, stepsSeries } from './chart-series'
import { decodeFrame } from './frame'

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

it('tells each chart in its unit', () => {
  const units = (evidence: Evidence) => chartSeries(evidence, VANISHING).map(({ unit }) => unit)
  expect(units(anEvidence())).toEqual(['ratio', '', ''])
  const evidence = anEvidence(aFinding({ unit: 'share' }))
  const labels = { value: 'share of dead units', statistic: 'share of zero outputs' }
  expect(units({ ...evidence, header: { ...evidence.header, labels } })).toEqual([
    'share',
    'share',
    '',
  ])
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

const steps = (step: number[], value: number[]) =>
  decodeFrame(encodeFrame({ statistic: 'RMS' }, { step, value })) as unknown as Steps

it('draws of every single step, parted where nothing was written between', () => {
  const { NaN: gap } = Number
  const drawn = stepsSeries(steps([8, 9, gap, 40, 41], [1, 2, gap, 3, 4]), true)
  expect(drawn?.steps).toEqual([8, 9, 9.5, 40, 41])
  expect(drawn?.lines[0]?.values).toEqual([1, 2, null, 3, 4])
  expect(drawn?.events).toEqual([])
})

it('marks the steps at which the flight recorder saw no finite value', () => {
  const drawn = stepsSeries(steps([8, 9, 10], [1, Number.NaN, Number.POSITIVE_INFINITY]), false)
  expect(drawn?.events).toEqual([9, 10])
  expect(drawn?.lines[0]?.values).toEqual([1, null, null])
})

it('draws nothing of a flight recorder that kept nothing', () => {
  expect(stepsSeries(steps([], []), true)).toBeNull()
  expect(stepsSeries(null, true)).toBeNull()
})

it('draws the learning rate by its mean, if there is one', () => {
  const rate = (values: number[]) =>
    decodeFrame(
      encodeFrame({}, { step: [0, 10], mean: values, 'mean.min': [9, 9], 'mean.max': [9, 9] }),
    ) as unknown as Series
  expect(rateSeries(rate([0.1, 0.01]))?.lines[0]?.values).toEqual([0.1, 0.01])
  expect(rateSeries(rate([Number.NaN, Number.NaN]))).toBeNull()
  expect(rateSeries(null)).toBeNull()
})
