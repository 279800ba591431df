/** The legend of the heatmap. */

import type { Unit } from '../../contract'
import { VIRIDIS_GRADIENT } from '../../draw/colour-map'
import type { ColourScale } from '../../lib/heatmap-scale'
import { formatTick } from '../../lib/numbers'

interface LegendProps {
  scale: ColourScale
  unit: Unit
  /** The special cells that occur. */
  has: { zero: boolean; missing: boolean; infinite: boolean; findings: boolean }
}

export function Legend({ scale, unit, has }: LegendProps) {
  return (
    <div class="heat-legend">
      <div class="ramp" role="img" aria-label={rampText(scale, unit)}>
        <div class="ramp-colours" style={{ background: VIRIDIS_GRADIENT }} />
        {scale.ticks.map(({ position, value }) => (
          <span key={value} class="ramp-tick" style={{ left: `${100 * position}%` }}>
            {formatTick(value, unit)}
          </span>
        ))}
      </div>
      {has.zero && <Key name="zero" text="zero" />}
      {has.missing && <Key name="missing" text="no finite value" />}
      {has.infinite && <Key name="infinite" text="not finite" />}
      {has.findings && <Key name="finding" text="finding" />}
    </div>
  )
}

function Key({ name, text }: { name: string; text: string }) {
  return (
    <span class="heat-key">
      <span class={`heat-swatch ${name}`} aria-hidden="true" />
      {text}
    </span>
  )
}

function rampText({ low, high, logarithmic }: ColourScale, unit: Unit): string {
  const scale = logarithmic ? 'logarithmic' : 'linear'
  return `Colours from ${formatTick(low, unit)}, dark, to ${formatTick(high, unit)}, bright, ${scale}`
}
