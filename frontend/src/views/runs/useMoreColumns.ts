import { useEffect, useState } from 'preact/hooks'

interface Frame {
  current: HTMLElement | null
}

/** The number of columns beyond the right edge of a table that scrolls; `key` changes with the columns. */
export function useMoreColumns(frame: Frame, key: string): number {
  const [more, setMore] = useState(0)
  useEffect(() => {
    const { current } = frame
    if (!current) return
    const measure = () => {
      // Zero while TensorBoard hides the tab.
      if (current.clientWidth === 0) return
      const edge = current.getBoundingClientRect().left + current.clientWidth
      const heads = [...current.querySelectorAll('thead th')]
      // The half that is seen of a column says that there is more.
      setMore(heads.filter((head) => middleOf(head) > edge).length)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    current.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      current.removeEventListener('scroll', measure)
    }
  }, [frame, key])
  return more
}

function middleOf(element: Element): number {
  const { left, right } = element.getBoundingClientRect()
  return (left + right) / 2
}
