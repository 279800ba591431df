import { expect, it } from 'vitest'
import { fontFaces } from './typeface'

const FACE = '@font-face { font-family: Roboto; src: local("Roboto"), url("/font/r.woff2"); }'

function page(...sheets: object[]): Document {
  return { styleSheets: sheets, baseURI: 'http://tb/board/?x#y' } as unknown as Document
}

it("declares the page's fonts again, from where the page has them", () => {
  const faces = fontFaces(
    page({ cssRules: [{ cssText: 'body { margin: 0 }' }, { cssText: FACE }] }),
  )
  expect(faces).toEqual([FACE.replace('/font/r.woff2', 'http://tb/board/font/r.woff2')])
})

it('goes on after a sheet that may not be read', () => {
  const foreign = {
    get cssRules() {
      throw new DOMException('', 'SecurityError')
    },
  }
  expect(fontFaces(page(foreign, { cssRules: [{ cssText: FACE }] }))).toHaveLength(1)
})
