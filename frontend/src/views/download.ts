/** Saves a text as a file through the browser. */

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // Some browsers need the address after the click.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
