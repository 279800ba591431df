import { MAX_ZOOM, MIN_ZOOM, ZOOM_STEP } from '../../lib/zoom'
import type { Zoom } from './useZoom'

export function ZoomButtons({ zoom }: { zoom: Zoom }) {
  const { scale, by, fit } = zoom
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
    <div class="zoom-buttons" role="group" aria-label="Zoom">
      <button
        class="button"
        type="button"
        aria-label="Farther"
        title="Farther (−)"
        disabled={scale <= MIN_ZOOM}
        onClick={() => by(1 / ZOOM_STEP)}
      >
        −
      </button>
      <output>
        {Math.round(100 * scale)}
        {'\u00a0'}%
      </output>
      <button
        class="button"
        type="button"
        aria-label="Nearer"
        title="Nearer (+)"
        disabled={scale >= MAX_ZOOM}
        onClick={() => by(ZOOM_STEP)}
      >
        +
      </button>
      <button class="button" type="button" title="As much of the network as fits (0)" onClick={fit}>
        Fit
      </button>
    </div>
  )
}
