"""The tab's ES modules: the built bundle, or a page that shows a message where there is none."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"

BUNDLE: Final = STATIC / "index.js"

LATER: Final = STATIC / "later.js"
"""What the bundle imports after the first paint."""

NETWORK: Final = STATIC / "network.js"
"""What the bundle imports when the network is drawn: the layout of the graph is a third of the tab."""

_MESSAGE_MODULE = """\
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
    """An ES module whose ``render()`` shows a title and paragraphs as text, never as HTML."""
    return _MESSAGE_MODULE % (json.dumps(title), json.dumps(list(paragraphs)))


def bundle() -> bytes:
    """The built bundle; without one, a message on how to build it."""
    try:
        return BUNDLE.read_bytes()
    except FileNotFoundError:
        return message_module(
            "The Grad Health tab is not built",
            [
                "This is a source tree without the tab's bundle.",
                "Build it with `npm ci && npm run build` in frontend/, or with `pip install -e .`.",
                "Then reload this page.",
            ],
        ).encode()
