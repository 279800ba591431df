/** The pattern of a rule file that matches only this name: special characters are put in brackets. */
export function literalPattern(name: string): string {
  return name.replace(/[*?[]/g, '[$&]')
}
