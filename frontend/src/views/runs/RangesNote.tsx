import { count } from '../../lib/numbers'
import { rangeText } from '../../lib/runs-within'
import { useTab } from '../context'

/** What the ranges of hyper-parameters leave of the runs, and the way back. */
export function RangesNote({ shown, of }: { shown: number; of: number }) {
  const { view } = useTab()
  const ranges = Object.entries(view.current.value.ranges)
  if (ranges.length === 0) return null
  const said = ranges.map(([name, range]) => rangeText(name, range)).join(', ')
  return (
    <p class="ranges-note" role="status">
      <span>
        {shown} of {count(of, 'run')} with <bdi>{said}</bdi>
      </span>
      <button class="button" type="button" onClick={() => view.change({ ranges: {} })}>
        Clear ranges
      </button>
    </p>
  )
}
