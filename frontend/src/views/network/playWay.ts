/** All of it; nothing moves for more than five seconds (WCAG 2.2.2). */
const LONGEST_MS = 3600
/** Between two nodes of a short way. */
const NODE_MS = 450

/** Shows the nodes of a way and the links to them one after another. */
export function playWay(picture: Element, order: readonly string[]): void {
  const places = new Map(order.map((id, i) => [id, i]))
  const every = Math.min(NODE_MS, LONGEST_MS / Math.max(1, order.length))
  for (const element of picture.querySelectorAll<HTMLElement>('.on-way, [data-way]')) {
    const place = places.get(element.dataset.way ?? element.dataset.node ?? '') ?? 0
    element.animate([{ opacity: 0.08 }, { opacity: 1 }], {
      duration: NODE_MS,
      delay: place * every,
      fill: 'backwards',
    })
  }
}
