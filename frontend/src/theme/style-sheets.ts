/** The style sheets, adopted by the document, so that each part of the tab is one file. */

import { effect, type ReadonlySignal } from '@preact/signals'
import chartCss from 'uplot/dist/uPlot.min.css?inline'
import baseCss from './base.css?inline'
import chartsCss from './charts.css?inline'
import checkedCss from './checked.css?inline'
import evidenceCss from './evidence.css?inline'
import glanceCss from './glance.css?inline'
import layersCss from './layers.css?inline'
import layoutCss from './layout.css?inline'
import tableCss from './table.css?inline'
import { tokenSheet, tokensFor } from './tokens'
import { fontFaces } from './typeface'
import verdictCss from './verdict.css?inline'

export function adoptStyles(dark: ReadonlySignal<boolean>, page: Document): void {
  const colours = new CSSStyleSheet()
  const fonts = page === document ? [] : fontFaces(page)
  const views = [verdictCss, tableCss, glanceCss, checkedCss, layersCss, evidenceCss, chartsCss]
  document.adoptedStyleSheets = [colours]
  adopt([fonts.join('\n'), chartCss, baseCss, layoutCss, ...views])
  effect(() => colours.replaceSync(tokenSheet(tokensFor(dark.value), dark.value)))
}

/** Adds style sheets after those already adopted. */
export function adopt(sources: readonly string[]): void {
  const sheets = sources.map((css) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    return sheet
  })
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, ...sheets]
}
