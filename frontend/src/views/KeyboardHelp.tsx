/** The list of keyboard shortcuts, opened by "?". */

import { useEffect, useRef } from 'preact/hooks'
import { VIEWS } from '../lib/view-state'
import { useTab } from './context'

const KEYS: readonly (readonly [keys: string[], what: string])[] = [
  [['?'], 'this list'],
  [['1', '2', '3', '4'], 'overview, layers, runs, rules'],
  [['/'], 'search the findings'],
  [['j', 'k'], 'next and previous row of the table; with the evidence open, its evidence'],
  [['Enter'], 'open the evidence of a row and go there'],
  [['Escape'], 'close the evidence and go back; close a list or this sheet'],
  [['↑', '↓', 'Page Up', 'Page Down', 'Home', 'End'], 'along the rows of the table'],
  [['→', '←'], 'unfold an incident, fold it; in the table’s head: to the next column'],
  [['Shift →', 'Shift ←'], 'in the table’s head: the width of the column'],
  [
    ['+', '−', '0'],
    'in the heatmap and the network: nearer, farther, all of it; in the heatmap with Shift, ← and → move along',
  ],
  [['↓', '↑', '→', '←'], 'in the network: along the links, and from layer to layer'],
]

export function KeyboardHelp() {
  const { view, keys } = useTab()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const views = VIEWS.map((name, i) => [String(i + 1), () => view.change({ view: name })])
    return keys.listen({
      ...Object.fromEntries(views),
      '?': () => dialog.current?.showModal(),
      '/': () => {
        if (view.current.peek().view !== 'overview') view.change({ view: 'overview' })
        // The field belongs to the overview.
        requestAnimationFrame(() => document.getElementById('search-findings')?.focus())
      },
    })
  }, [keys, view])
  const singleKeys = keys.enabled.value
  return (
    <>
      <button
        class="button keys-button"
        type="button"
        aria-label="Keyboard"
        title="Keyboard (?)"
        onClick={() => dialog.current?.showModal()}
      >
        ?
      </button>
      <dialog class="keys" ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keyboard</h2>
        <dl>
          {KEYS.map(([keys, what]) => (
            <>
              <dt key={`${what} keys`}>
                {keys.map((key) => (
                  <>
                    <kbd key={key}>{key}</kbd>{' '}
                  </>
                ))}
              </dt>
              <dd key={what}>{what}</dd>
            </>
          ))}
        </dl>
        <label>
          <input type="checkbox" checked={singleKeys} onChange={() => keys.enable(!singleKeys)} />{' '}
          single keys, such as ? and /, work
        </label>
        <button class="button" type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  )
}
