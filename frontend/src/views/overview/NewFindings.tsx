import { count } from '../../lib/numbers'

interface NewFindingsProps {
  count: number
  onShow: () => void
  onDismiss: () => void
}

/** Announces new findings without scrolling to them. */
export function NewFindings({ count: n, onShow, onDismiss }: NewFindingsProps) {
  const text = count(n, 'new finding')
  return (
    <>
      <span class="unseen" role="status">
        {n > 0 && text}
      </span>
      {n > 0 && (
        <div class="news">
          <button type="button" onClick={onShow}>
            {text}: show
          </button>
          <button type="button" aria-label="Dismiss" onClick={onDismiss}>
            ×
          </button>
        </div>
      )}
    </>
  )
}
