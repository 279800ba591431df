/** Text to the clipboard, and files to the disk. */

import { useEffect, useState } from 'preact/hooks'

interface CopyButtonProps {
  label: string
  text: () => string
  disabled?: boolean
}

export function CopyButton({ label, text, disabled = false }: CopyButtonProps) {
  const [said, say] = useState('')
  useEffect(() => {
    if (said === '') return
    const timer = setTimeout(() => say(''), 2000)
    return () => clearTimeout(timer)
  }, [said])
  const copy = async () => say((await copyText(text())) ? 'Copied' : 'Could not copy')
  return (
    <button class="button" type="button" disabled={disabled} onClick={copy}>
      <span aria-live="polite">{said || label}</span>
    </button>
  )
}

/** The clipboard needs https or localhost; TensorBoard is often read over plain http. */
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

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // At once would be too early for some browsers.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
