/** A chart on a canvas: drawn when its element and what it is made of change, and as large as the element. */

import { type Signal, useSignalEffect } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { type Chart, type ChartOptions, drawChart } from '../draw/chart'

export interface Drawing {
  element: RefObject<HTMLDivElement | null>
  chart: RefObject<Chart | null>
}

/** Before an element's size is known. */
const USUAL = { width: 320, height: 150 }

/**
 * Draws a chart that shares its cursor with others.
 *
 * @param options What to draw; null for nothing.
 * @param cursor The step under the cursor of any of the charts.
 * @param height The chart's height in pixels; by default that of the element.
 * @param made The chart is drawn anew when one of these changes.
 */
export function useDrawing(
  options: Omit<ChartOptions, 'element' | 'width' | 'height' | 'onCursor'> | null,
  cursor: Signal<number | null>,
  height: number | null,
  made: readonly unknown[],
): Drawing {
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart | null>(null)
  const steps = useRef<readonly number[]>([])
  steps.current = options?.series.steps ?? []

  useEffect(() => {
    const parent = element.current
    if (!parent || options === null) return
    const heightOf = () => height ?? parent.clientHeight
    const drawn = drawChart({
      ...options,
      element: parent,
      width: parent.clientWidth || USUAL.width,
      height: heightOf() || USUAL.height,
      onCursor: (index) => {
        cursor.value = index === null ? null : (steps.current[index] ?? null)
      },
    })
    chart.current = drawn
    const observer = new ResizeObserver(() => {
      // Zero while TensorBoard hides the tab.
      if (parent.clientWidth > 0 && heightOf() > 0) drawn.resize(parent.clientWidth, heightOf())
    })
    observer.observe(parent)
    return () => {
      observer.disconnect()
      drawn.destroy()
      chart.current = null
    }
  }, [...made])

  useSignalEffect(() => {
    const step = cursor.value
    if (!element.current?.matches(':hover')) chart.current?.point(step)
  })
  return { element, chart }
}
