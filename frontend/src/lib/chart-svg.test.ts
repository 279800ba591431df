import { expect, it } from 'vitest'
import { LIGHT } from '../theme/tokens'
import type { Band } from './band'
import type { ChartSeries } from './chart-series'
import { bandSvg, escaped, seriesSvg } from './chart-svg'
import { STEP_AXIS } from './x-axis'

const frame = {
  title: '<b> & co',
  range: { from: 0, to: 30 },
  axis: STEP_AXIS,
  colours: LIGHT,
}
const parsed = (svg: string) => {
  const page = new DOMParser().parseFromString(svg, 'image/svg+xml')
  expect(page.querySelector('parsererror')).toBeNull()
  return page
}

it('draws the lines of a chart within its range, with a gap where nothing was measured', () => {
  const series: ChartSeries = {
    name: 'measured',
    title: 'share',
    steps: [0, 10, 20, 30, 40],
    lines: [
      { column: 'value', label: 'measured', values: [0.1, 0.2, null, 0.4, 0.5] },
      { column: 'threshold', label: 'limit', values: [0.3, 0.3, 0.3, 0.3, 0.3] },
    ],
    logarithmic: false,
    unit: 'share',
    events: [],
  }
  const page = parsed(seriesSvg(series, frame))
  const paths = [...page.querySelectorAll('path[fill="none"]')].map((path) =>
    path.getAttribute('d'),
  )
  expect(paths[0]?.replace(/[\d.]+ [\d.]+/g, 'p')).toBe('MpLpMp')
  expect(paths[1]?.replace(/[\d.]+ [\d.]+/g, 'p')).toBe('MpLpLpLp')
  const texts = [...page.querySelectorAll('text')].map((text) => text.textContent)
  expect(texts).toContain('<b> & co')
  expect(texts.join()).toContain('%')
})

it('draws the cells of a band as strong as they are', () => {
  const band: Band = {
    steps: Float64Array.from([0, 15]),
    rows: 2,
    strength: Float32Array.from([1, 0, Number.NaN, 0.5]),
    labels: [{ row: 0, text: 'a/kernel' }],
    own: 0,
    scale: { low: '0', high: '1' },
    names: ['a/kernel', 'b/kernel'],
    value: () => 0,
    describe: () => '',
  }
  const cells = [...parsed(bandSvg(band, frame, '#ff0000')).querySelectorAll('rect[fill-opacity]')]
  expect(cells.map((cell) => cell.getAttribute('fill-opacity'))).toEqual(['1', '0.5'])
})

it('lets no name end the text that it is in, nor a control character break the file', () => {
  expect(escaped('</text><script>"\u0000\ud800')).toBe('&#60;/text&#62;&#60;script&#62;&#34;  ')
})
