import type { Tensor } from '../contract'

/** More layers than these are folded into blocks at first. */
export const MOST_LAYERS = 36

export function isLargeNetwork(tensors: readonly Tensor[]): boolean {
  return new Set(tensors.map(({ layer }) => layer)).size > MOST_LAYERS
}
