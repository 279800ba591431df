/** The pattern of a rule file that means this name alone: brackets around what would mean more. */
export function literalPattern(name: string): string {
  return name.replace(/[*?[]/g, '[$&]')
}
