/** The menu beside a chart: the picture as PNG or SVG, and its numbers as CSV. */

import { tokensFor } from '../../theme/tokens'
import { useTab } from '../context'
import { download, downloadBlob } from '../download'
import { useDismiss } from '../overview/Choice'
import { picturePng } from './picturePng'

interface DownloadProps {
  /** The chart's title, and the beginning of the files' names. */
  title: string
  svg: () => string
  csv: () => string
}

export function Download({ title, svg, csv }: DownloadProps) {
  const { host } = useTab()
  const menu = useDismiss()
  const file = fileName(title)
  const png = async () => {
    const blob = await picturePng(svg(), tokensFor(host.dark.peek()).surface)
    if (blob) downloadBlob(`${file}.png`, blob)
  }
  const kinds: [string, () => void][] = [
    ['PNG', png],
    ['SVG', () => download(`${file}.svg`, 'image/svg+xml', svg())],
    ['CSV', () => download(`${file}.csv`, 'text/csv', csv())],
  ]
  return (
    <details class="choice chart-download" ref={menu}>
      <summary aria-label={`Download ${title}`} title="Download">
        ⤓
      </summary>
      <div class="choices">
        {kinds.map(([kind, save]) => (
          <button
            key={kind}
            type="button"
            onClick={() => {
              save()
              if (menu.current) menu.current.open = false
            }}
          >
            {kind === 'CSV' ? 'Numbers as CSV' : `Picture as ${kind}`}
          </button>
        ))}
      </div>
    </details>
  )
}

/** Letters, digits and hyphens only: names are untrusted. */
function fileName(title: string): string {
  const plain = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
  return `gradhealth-${plain.slice(0, 80) || 'chart'}`
}
