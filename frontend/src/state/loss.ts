/** The main loss of a run. */

import type { Api, Series } from '../api'
import type { Tensor } from '../contract'

/** Null for a run without a recorded loss. */
export async function readLoss(
  api: Api,
  run: string,
  tensors: readonly Tensor[],
): Promise<Series | null> {
  const losses = tensors.filter(({ kind, columns }) => kind === 'loss' && columns.includes('mean'))
  const loss = losses.find(({ tensor }) => tensor === 'loss') ?? losses[0]
  return loss ? api.series({ run, tensor: loss.tensor, kind: loss.kind }, 'mean') : null
}
