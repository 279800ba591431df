/** A button that copies a text to the clipboard. */

import { useEffect, useState } from 'preact/hooks'

interface CopyButtonProps {
  label: string
  text: () => string
  disabled?: boolean
}

export function CopyButton({ label, text, disabled = false }: CopyButtonProps) {
  const [message, setMessage] = useState('')
  useEffect(() => {
    if (message === '') return
    const timer = setTimeout(() => setMessage(''), 2000)
    return () => clearTimeout(timer)
  }, [message])
  const copy = async () => setMessage((await copyText(text())) ? 'Copied' : 'Could not copy')
  return (
    <button class="button" type="button" disabled={disabled} onClick={copy}>
      <span aria-live="polite">{message || label}</span>
    </button>
  )
}

/** The clipboard API needs https or localhost, but TensorBoard often runs over plain http. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  const copied = document.execCommand?.('copy') ?? false
  area.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return copied
}
