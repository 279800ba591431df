import { styleOf } from '../lib/run-colour'
import { useTab } from './context'

/** The run's colour and marker, shown beside its name. */
export function Swatch({ run }: { run: string }) {
  const { alerts } = useTab()
  const { colour, shape } = styleOf(alerts.runColours.value.get(run) ?? 0)
  return (
    <span
      class={`swatch ${shape}`}
      aria-hidden="true"
      style={{ '--run': `var(--run-${colour})` }}
    />
  )
}
