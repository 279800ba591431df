import { useEffect, useState } from 'preact/hooks'

interface Element {
  current: HTMLElement | null
}

/** The width of one element and the height of another, in pixels; zero until they are known. */
export function useSize(wide: Element, high: Element): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const [plot, frame] = [wide.current, high.current]
    if (!plot || !frame) return
    const measure = () => {
      // Zero while TensorBoard hides the tab.
      if (frame.clientHeight > 0 && plot.clientWidth > 0) {
        setSize({ width: plot.clientWidth, height: frame.clientHeight })
      }
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(plot)
    observer.observe(frame)
    return () => observer.disconnect()
  }, [wide, high])
  return size
}
