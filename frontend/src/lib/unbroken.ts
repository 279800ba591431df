/** The text with no-break spaces between numbers and their signs, which a line break would part. */
export function unbroken(text: string): string {
  return text.replace(/(?<=[\d∞]) (?=[×%])/g, '\u00a0')
}
