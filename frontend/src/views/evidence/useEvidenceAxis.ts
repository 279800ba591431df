/** The chosen horizontal axis of the charts, and those that the records allow. */

import { useMemo } from 'preact/hooks'
import { type Axis, axesOf, STEP_AXIS } from '../../lib/x-axis'
import { useTab } from '../context'

export function useEvidenceAxis(): { axis: Axis; axes: readonly Axis[] } {
  const { evidence, view } = useTab()
  const columns = evidence.series.value?.columns
  const axes = useMemo(
    () => axesOf(columns?.get('step') ?? [], columns?.get('wall_time'), columns?.get('epoch')),
    [columns],
  )
  const { axis: chosen } = view.current.value
  const axis = axes.find(({ name }) => name === chosen) ?? STEP_AXIS
  return { axis, axes }
}
