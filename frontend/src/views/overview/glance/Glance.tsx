/** The run of the first screen at a glance, below the table: its loss with the incidents, and its layers. */

import { useEffect, useState } from 'preact/hooks'
import { useTab } from '../../context'
import { Swatch } from '../../Swatch'
import { useMedia } from '../../useMedia'
import { Chain } from './Chain'
import { LossGlance } from './LossGlance'
import { Thumbnail } from './Thumbnail'

/** Where the window leaves room for it beside the table. */
const ROOMY = '(min-width: 1200px) and (min-height: 560px)'
const STORAGE_KEY = 'gradhealth.glance'

export function Glance() {
  const { glance } = useTab()
  const roomy = useMedia(ROOMY)
  const [open, setOpen] = useState(() => localStorage.getItem(STORAGE_KEY) !== 'folded')
  const run = glance.run.value
  const shown = roomy && open && run !== null && run.records > 0
  useEffect(() => {
    glance.shown.value = shown
    return () => {
      glance.shown.value = false
    }
  }, [shown, glance])
  if (!roomy || run === null || run.records === 0) return null
  const data = glance.data.value?.run === run.run ? glance.data.value : null
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, open ? 'folded' : 'open')
    setOpen(!open)
  }
  return (
    <section class={open ? 'glance' : 'glance folded'} aria-label="At a glance">
      <h2>
        <button class="glance-head" type="button" aria-expanded={open} onClick={toggle}>
          <span class="fold" aria-hidden="true">
            {open ? '▾' : '▸'}
          </span>
          <Swatch run={run.run} />
          <bdi>{run.run}</bdi> <span class="muted">at a glance</span>
        </button>
      </h2>
      {open && data !== null && <Chain run={run} nodes={data.nodes} />}
      {open && (
        <div class="glance-parts">
          {data === null ? (
            <p class="muted">Reading the run…</p>
          ) : (
            <>
              <LossGlance run={run} loss={data.loss} />
              <Thumbnail run={run} heatmap={data.heatmap} />
            </>
          )}
        </div>
      )}
    </section>
  )
}
