/** Draws the losses of several runs over one step axis, each in the colour of its run. */

import uPlot from 'uplot'
import { STEP_AXIS } from '../lib/x-axis'
import type { Tokens } from '../theme/tokens'
import { horizontalAxis, valuesAxis } from './axes'

export interface Loss {
  steps: number[]
  values: (number | null)[]
  colour: string
  /** The lengths of dashes and gaps in pixels; empty for a solid line. */
  dash: number[]
}

export function drawLosses(
  element: HTMLElement,
  losses: readonly Loss[],
  tokens: Tokens,
  width: number,
  height: number,
): { resize: (width: number) => void; destroy: () => void } {
  const tables = losses.map(({ steps, values }) => [steps, values] as uPlot.AlignedData)
  const plot = new uPlot(
    {
      width,
      height,
      padding: [6, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false } },
      axes: [horizontalAxis(tokens, STEP_AXIS), valuesAxis(tokens)],
      series: [
        {},
        ...losses.map(({ colour, dash }) => ({
          stroke: colour,
          width: 2,
          ...(dash.length > 0 ? { dash } : {}),
          points: { show: false },
        })),
      ],
    },
    // After joining, steps that only the other run recorded are undefined (no gap); null is a gap.
    uPlot.join(tables),
    element,
  )
  return { resize: (next) => plot.setSize({ width: next, height }), destroy: () => plot.destroy() }
}
