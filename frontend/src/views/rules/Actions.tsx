/** Actions on all rules: reset, preset, load a file, save a file. */

import { useRef, useState } from 'preact/hooks'
import type { RulesAnswer } from '../../contract'
import { useTab } from '../context'
import { download } from '../download'
import { Presets } from './Presets'
import { RULE_FILE } from './rule-file'

export function Actions({ inForce }: { inForce: RulesAnswer }) {
  const { rules } = useTab()
  const [message, setMessage] = useState('')
  const trying = rules.trying.value
  const toml = trying ? rules.judged.value?.toml : inForce.toml
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is laid out apart from its siblings
    <div class="tools" role="group" aria-label="All rules">
      <button
        class="button"
        type="button"
        disabled={!trying && rules.loadFailure.value === null}
        onClick={() => {
          rules.attempt(inForce.rules)
          setMessage('The rules in force are shown.')
        }}
      >
        Reset all
      </button>
      <Presets inForce={inForce} />
      <LoadButton onLoaded={(name) => setMessage(`${name} is tried.`)} />
      <button
        class="button"
        type="button"
        disabled={toml === undefined || !rules.upToDate.value}
        onClick={() => {
          download(RULE_FILE, 'application/toml', toml ?? '')
          setMessage(`${RULE_FILE} downloaded`)
        }}
      >
        Download rule file
      </button>
      <span class="unseen" role="status">
        {message}
      </span>
    </div>
  )
}

function LoadButton({ onLoaded }: { onLoaded: (name: string) => void }) {
  const { rules } = useTab()
  const input = useRef<HTMLInputElement>(null)
  const load = async (file: File | undefined) => {
    if (!file) return
    await rules.load(file.name, await file.text())
    if (rules.loadFailure.peek() === null) onLoaded(file.name)
  }
  return (
    <>
      <button class="button" type="button" onClick={() => input.current?.click()}>
        Load rule file
      </button>
      <input
        ref={input}
        type="file"
        accept=".toml"
        aria-label="Rule file"
        hidden
        onChange={(event) => {
          const { currentTarget } = event
          void load(currentTarget.files?.[0])
          // Cleared, so that the same file can be loaded again.
          currentTarget.value = ''
        }}
      />
    </>
  )
}
