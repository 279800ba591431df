/** TensorBoard's own typeface: a frame does not inherit the fonts of its page, so they are declared in it again. */

/**
 * The declarations, as text, with whole addresses. TensorBoard writes them from the server's root, where below a
 * path prefix there is nothing: they are taken from the page's own root.
 */
export function fontFaces(page: Document): readonly string[] {
  return [...page.styleSheets]
    .flatMap(rulesOf)
    .filter((rule) => rule.cssText.startsWith('@font-face'))
    .map((rule) =>
      rule.cssText.replace(
        /url\("([^"]*)"\)/g,
        (_, address) => `url("${new URL(address.replace(/^\//, ''), page.baseURI).href}")`,
      ),
    )
}

/** None for a sheet of another origin, such as a browser extension's: reading it is forbidden. */
function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules]
  } catch {
    return []
  }
}
