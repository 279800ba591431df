/** The menu beside a chart: the picture as PNG or SVG, and its numbers as CSV. */

import { loadLater } from '../FromLater'
import { useDismiss } from '../overview/Choice'
import type { FileKind } from './save'

type Later = Awaited<ReturnType<typeof loadLater>>

interface DownloadProps {
  title: string
  save: (later: Later, kind: FileKind) => Promise<void>
}

const KINDS: readonly [FileKind, string][] = [
  ['png', 'Picture as PNG'],
  ['svg', 'Picture as SVG'],
  ['csv', 'Numbers as CSV'],
]

export function Download({ title, save }: DownloadProps) {
  const menu = useDismiss()
  return (
    <details class="choice chart-download" ref={menu}>
      <summary aria-label={`Download ${title}`} title="Download">
        ⤓
      </summary>
      <div class="choices">
        {KINDS.map(([kind, text]) => (
          <button
            key={kind}
            type="button"
            onClick={async () => {
              await save(await loadLater(), kind)
              if (menu.current) menu.current.open = false
            }}
          >
            {text}
          </button>
        ))}
      </div>
    </details>
  )
}
