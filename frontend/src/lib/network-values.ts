/** A statistic of each node of a network at a step. */

import type { Heatmap } from '../api'
import { meanOf } from './heatmap-scale'
import type { DrawnNode } from './network-folds'

/** Roles of weights that stand for their layer; biases and norms have other magnitudes. */
const MAIN = ['kernel', 'recurrent', 'embedding']

/** The rows of the response that each node stands for. */
export function rowsOfNodes(
  nodes: readonly DrawnNode[],
  rows: Heatmap['header']['rows'],
): Map<string, number[]> {
  const byTensor = new Map(rows.map(({ tensor }, i) => [tensor, i]))
  return new Map(
    nodes.map(({ id, members }) => {
      const own = new Set<number>()
      for (const { tensors } of members) {
        const indices = [...new Set(tensors.map(({ tensor }) => byTensor.get(tensor)))].filter(
          (index) => index !== undefined,
        )
        const main = indices.filter((index) => MAIN.includes(rows[index]?.role ?? ''))
        for (const index of main.length > 0 ? main : indices) own.add(index)
      }
      return [id, [...own]]
    }),
  )
}

/** The mean of a node's rows in a cell of the response; null for a node without any. */
export function nodeValue(
  rows: readonly number[],
  heatmap: Heatmap,
  cell: number,
  logarithmic: boolean,
): number | null {
  if (rows.length === 0) return null
  const values = heatmap.columns.get('value')
  const n = heatmap.columns.get('step')?.length ?? 0
  return meanOf(
    rows.map((row) => values?.[row * n + cell] ?? Number.NaN),
    logarithmic,
  )
}
