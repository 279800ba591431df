"""Hostile names of runs, layers and tensors."""

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
BIDI = "\u202egnp.exe\u2066"
NAMES = {
    "html": '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
    "attribute": '"\' onmouseover=alert(1) x="',
    "template": "{{7*7}}${7*7}<%= 7*7 %>",
    "lines": "a\nb\r\nc\u2028d\x85e",
    "direction": BIDI,
    "long": "x" * 65_536,
    "dots": "../../../etc/passwd",
    "nul": "a\x00b",
    "terminal": ESCAPE,
    "formula": '=HYPERLINK("http://evil.example","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "at": "@everyone",
    "tab": "\t=1+1",
    "markdown": "](http://evil.example) | <b> `x` **y** # z",
    "xml": "]]><evil/>&amp;\x0b\ufffe",
    "csv": 'a,"b",;c',
    "markup": "[bold red]x[/bold red]",
}

CONTROLS = {chr(code) for code in [*range(9), *range(11, 32), *range(127, 160)]} | set(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufffe"
)
"""Texts that must not be output unescaped."""
