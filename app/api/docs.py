"""The interactive API document at /docs, with all its assets on board."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, send_from_directory

from app.settings import Settings
from app.version import VERSION

DOCUMENT: Final = "/api/openapi.json"
_ASSETS: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
#: The page's widgets carry inline styles; scripts come from files only.
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OneOff API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css?{VERSION}">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript. The document itself: <a href="{DOCUMENT}">{DOCUMENT}</a>
</noscript>
<script src="/docs/swagger-ui-bundle.js?{VERSION}"></script>
<script src="/docs/start.js?{VERSION}"></script>
</body>
</html>
"""
_START: Final = f"""window.addEventListener("load", () => {{
  SwaggerUIBundle({{
    url: "{DOCUMENT}",
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  }});
}});
"""

_routes = Blueprint("docs", __name__)


def install(app: Flask, settings: Settings) -> None:
    """Add the pages."""
    app.register_blueprint(_routes)


@_routes.get("/docs", strict_slashes=False)
def show_docs() -> Response:
    """Answer with the page."""
    return Response(_PAGE, headers={"Content-Security-Policy": _POLICY}, mimetype="text/html")


@_routes.get("/docs/start.js")
def show_start() -> Response:
    """Answer with the script that starts the page."""
    return Response(_START, mimetype="text/javascript")


@_routes.get(f"/docs/<any({', '.join(repr(name) for name in _ASSETS)}):name>")
def show_asset(name: str) -> Response:
    """Answer with a file of the page."""
    folder = Path(str(files("flask_swagger_ui"))) / "dist"
    return send_from_directory(folder, name, max_age=86400)
