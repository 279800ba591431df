/** The series of the opened finding, loaded again when its run changes. */

import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Api, Evidence } from '../api'
import type { Finding } from '../contract'
import { parseSmoothing } from '../lib/smoothing'
import type { FindingKey, Range } from '../lib/view-state'
import { sameFinding } from './alerts'
import { createDetails, type Details } from './details'
import type { ServerState } from './server'
import type { View } from './view'

export interface EvidenceState {
  /** The opened finding as last received; null if none is opened or it no longer exists. */
  readonly finding: ReadonlySignal<Finding | null>
  /** Its series; the previous one stays while the next is loading. */
  readonly series: ReadonlySignal<Evidence | null>
  readonly failure: ReadonlySignal<string | null>
  readonly details: ReadonlySignal<Details | null>
  /** The step under the cursor in any of the charts. */
  readonly cursor: Signal<number | null>
  /** The zoomed range, or null for the whole run. */
  readonly zoom: Signal<Range | null>
  /** The weight of the past in smoothed lines; 0 shows what was measured. */
  readonly smoothing: ReadonlySignal<number>
  /** Sets the smoothing, which the browser remembers. */
  readonly smooth: (weight: number) => void
}

const SMOOTHING_KEY = 'gradhealth.smoothing'

export function createEvidence(api: Api, server: ServerState, view: View): EvidenceState {
  const opened = computed(() => view.current.value.opened)
  const finding = computed(
    () => server.findings.value.find((finding) => sameFinding(finding, opened.value)) ?? null,
  )
  const series = signal<Evidence | null>(null)
  const failure = signal<string | null>(null)
  const cursor = signal<number | null>(null)
  const zoom = signal<Range | null>(null)
  const smoothing = signal(parseSmoothing(localStorage.getItem(SMOOTHING_KEY)))
  const smooth = (weight: number) => {
    localStorage.setItem(SMOOTHING_KEY, String(weight))
    smoothing.value = weight
  }
  let shown: FindingKey | null = null
  let latestRequest = 0

  effect(() => {
    const current = finding.value
    const requestId = ++latestRequest
    if (!sameFinding(shown, current)) {
      series.value = null
      failure.value = null
      cursor.value = null
      zoom.value = null
    }
    shown = current
    if (current === null) return
    // Responses can arrive out of order; only the latest request counts.
    api.evidence(current.run, current.id).then(
      (evidence) => {
        if (requestId !== latestRequest) return
        series.value = evidence
        failure.value = null
      },
      (error: unknown) => {
        if (requestId !== latestRequest) return
        failure.value = error instanceof Error ? error.message : String(error)
      },
    )
  })

  const details = createDetails(api, finding)
  return { finding, series, failure, details, cursor, zoom, smoothing, smooth }
}
