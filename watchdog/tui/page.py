"""The page that a browser loads: nothing but the terminal, and nothing from anywhere else. Pure."""

from __future__ import annotations

from html import escape

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
        " img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""No other site may frame it, and it loads from nowhere else."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="static/css/xterm.css">
<style>
@font-face {{ font-family: "Roboto Mono"; font-weight: 100 700;
  src: url("static/fonts/RobotoMono-VariableFont_wght.ttf"); }}
@font-face {{ font-family: "Roboto Mono"; font-style: italic; font-weight: 100 700;
  src: url("static/fonts/RobotoMono-Italic-VariableFont_wght.ttf"); }}
html, body {{ margin: 0; height: 100%; overflow: hidden; background: #121212; color: #ddd;
  font: 16px "Roboto Mono", monospace; }}
#terminal {{ position: absolute; inset: 0; }}
.note {{ position: absolute; inset: 0; display: flex; align-items: center;
  justify-content: center; z-index: 2; background: #121212; }}
.note a {{ color: #8ab4f8; margin-left: 1ch; }}
.ended, body.-first-byte .begun {{ display: none; }}
body.-closed .ended {{ display: flex; }}
</style>
<script src="static/js/textual.js"></script>
</head>
<body>
<p class="note begun">{title}<span id="start"></span></p>
<p class="note ended">The view has ended; the programs go on. <a href="?">Open it again</a></p>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{websocket}"
  data-font-size="{size}"></div>
</body>
</html>
"""


def page(title: str, websocket: str, size: int) -> str:
    """The page; `websocket` is the URL of the terminal, `size` that of the letters in pixels."""
    return _PAGE.format(title=escape(title), websocket=escape(websocket), size=size)
