/** TensorBoard's typeface: a frame does not inherit the fonts of its page, so they are declared again. */

/**
 * The @font-face rules with absolute addresses. TensorBoard's addresses start at the server's root, which
 * is wrong below a path prefix; they are resolved against the page's root.
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

/** Empty for a sheet of another origin, such as a browser extension's, which may not be read. */
function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules]
  } catch {
    return []
  }
}
