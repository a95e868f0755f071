"""GET /: the page on which people try a model, one document without anything from elsewhere."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse, Response

_ASSETS = files("handler.server") / "assets"


@cache
def document() -> tuple[str, str]:
    """Return the page, and the Content-Security-Policy under which it alone runs.

    Its style and its script are named by their hashes (CSP Level 3, section 2.3.1), so nothing that
    gets into the page, such as a label called `<img ...>`, can run.
    """
    text = (_ASSETS / "page.html").read_text("utf-8")
    sources = {}
    for name, file in (("style", "page.css"), ("script", "page.js")):
        content = f"\n{(_ASSETS / file).read_text('utf-8')}"
        text = text.replace(f"{{{{{name}}}}}", content)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        sources[name] = f"'sha256-{digest}'"
    policy = (
        f"default-src 'none'; script-src {sources['script']}; style-src {sources['style']}; "
        "img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return text, policy


def response() -> Response:
    """Return the reply to GET /."""
    text, policy = document()
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(text, headers=headers)
