import { useEffect, useState } from 'preact/hooks'

/** Whether a media query matches the frame. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const update = () => {
      // TensorBoard keeps a hidden tab's frame at height zero.
      if (innerHeight > 0) setMatches(list.matches)
    }
    update()
    list.addEventListener('change', update)
    return () => list.removeEventListener('change', update)
  }, [query])
  return matches
}
