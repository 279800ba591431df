/** The list of keyboard shortcuts, opened by "?". Single-key shortcuts can be switched off (WCAG 2.1.4). */

import { useEffect, useRef, useState } from 'preact/hooks'
import { VIEWS } from '../lib/view-state'
import { useTab } from './context'

const KEYS: readonly (readonly [keys: string[], what: string])[] = [
  [['?'], 'this list'],
  [['1', '2', '3', '4'], 'overview, layers, runs, rules'],
  [['/'], 'search the findings'],
  [['Tab'], 'to the filters, the table, the edges of its columns, the evidence'],
  [['↑', '↓', 'Page Up', 'Page Down', 'Home', 'End'], 'along the rows of the table'],
  [['→', '←'], 'unfold an incident, fold it; on a column’s edge: its width'],
  [['Enter'], 'open the evidence of a row'],
  [
    ['+', '−', '0'],
    'in the layers’ picture: nearer, farther, all steps; with Shift, ← and → move along',
  ],
  [['Escape'], 'close the evidence, a list or this sheet'],
]

const STORAGE_KEY = 'gradhealth.single-keys'

export function KeyboardHelp() {
  const { view } = useTab()
  const dialog = useRef<HTMLDialogElement>(null)
  const [singleKeys, setSingleKeys] = useState(() => localStorage.getItem(STORAGE_KEY) !== 'off')
  useEffect(() => {
    if (!singleKeys) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return
      const chosen = VIEWS[Number(event.key) - 1]
      if (event.key === '?') dialog.current?.showModal()
      else if (event.key === '/') document.getElementById('search-findings')?.focus()
      else if (chosen) view.change({ view: chosen })
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [singleKeys, view])
  const toggle = () => {
    localStorage.setItem(STORAGE_KEY, singleKeys ? 'off' : 'on')
    setSingleKeys(!singleKeys)
  }
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
          <input type="checkbox" checked={singleKeys} onChange={toggle} /> single keys, such as ?
          and /, work
        </label>
        <button class="button" type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== 'checkbox')
  )
}
