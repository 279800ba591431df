import type { Finding } from '../../contract'
import { type DeepLink, deepLinks } from '../../lib/deep-link'
import { useTab } from '../context'

/** Links to the same layer in TensorBoard's own tabs; a click opens them in the page. */
export function Links({ finding }: { finding: Finding }) {
  const { host, view } = useTab()
  const links = deepLinks(finding.run, finding.layer || finding.tensor)
  const follow = (event: MouseEvent, link: DeepLink) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    host.open(link)
  }
  return (
    <>
      <h3 class="caption">Open this layer in</h3>
      <p class="links">
        <button
          class="text-link"
          type="button"
          onClick={() =>
            view.change({
              view: 'layers',
              run: finding.run,
              picture: 'network',
              paint: 'findings',
              at: null,
              incident: '',
            })
          }
        >
          Network
        </button>
        {links.map((link) => (
          <a
            key={link.tab}
            href={host.href(link)}
            target="_parent"
            onClick={(event) => follow(event, link)}
          >
            {link.label}
          </a>
        ))}
      </p>
    </>
  )
}
