"""A tab's module that only shows a few sentences, for when the real one cannot be shown."""

import json
from collections.abc import Sequence

_MODULE = """\
const title = %s
const paragraphs = %s

export function render() {
  const dark = window.parent.document.body.classList.contains('dark-mode')
  document.documentElement.lang = 'en'
  document.title = title
  document.body.style.cssText =
    'margin:0;padding:32px;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;' +
    (dark ? 'background:#303030;color:#fff' : 'background:#fff;color:#212121')
  const main = document.createElement('main')
  const heading = document.createElement('h1')
  heading.style.fontSize = '20px'
  heading.textContent = title
  main.append(heading)
  for (const text of paragraphs) {
    const paragraph = document.createElement('p')
    paragraph.textContent = text
    main.append(paragraph)
  }
  document.body.replaceChildren(main)
}
"""


def message_module(title: str, paragraphs: Sequence[str]) -> str:
    """An ES module whose ``render()`` shows the text, as text: nothing in it is read as HTML."""
    return _MODULE % (json.dumps(title), json.dumps(list(paragraphs)))
