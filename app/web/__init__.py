"""The page for people in a browser: its files, as the build has left them."""

from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, abort, redirect, request, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

FOLDER: Final = Path(__file__).with_name("page")
#: The first parts of the addresses that the page itself makes sense of.
PLACES: Final = (
    *("overview", "jobs", "executions", "timeline", "chains", "dead-letters", "webhooks"),
    *("triggers", "variables", "templates", "workers", "projects", "tags", "users", "roles"),
    *("api-keys", "audit", "settings", "profile", "welcome"),
)
#: What stands under these is for programs, whatever they say that they accept.
_OF_PROGRAMS: Final = ("/api", "/health", "/metrics", "/assets")
_YEAR: Final = 365 * 24 * 3600
_DAY: Final = 24 * 3600
#: Encodings that the build has made beside each file, the smallest first.
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))

blp = Blueprint("web", __name__)


def install(app: Flask) -> None:
    """Add the page, where it was built; without it ``/`` leads to the API document."""
    app.register_blueprint(blp)
    app.after_request(_explain)


@cache
def is_built() -> bool:
    """Return whether there is a page to serve."""
    return (FOLDER / "index.html").is_file()


@blp.get("/")
def show_start() -> AnyResponse:
    """Answer with the page."""
    return _page() if is_built() else redirect("/docs")


@blp.get(f"/<any({', '.join(map(repr, PLACES))}):place>")
@blp.get(f"/<any({', '.join(map(repr, PLACES))}):place>/<path:rest>")
def show_page(place: str, rest: str = "") -> AnyResponse:
    """Answer with the page, which knows the rest of the address."""
    del place, rest
    if not is_built():
        abort(404)
    return _page()


@blp.get("/assets/<path:name>")
def show_asset(name: str) -> Response:
    """Answer with a file whose name changes with its content."""
    return _file(FOLDER / "assets", name, _YEAR, immutable=True)


@blp.get("/<any('favicon.svg', 'favicon-alert.svg', 'theme.js'):name>")
def show_file(name: str) -> Response:
    """Answer with a file that keeps its name."""
    return _file(FOLDER, name, _DAY)


def _explain(response: Response) -> Response:
    """Let the page say to a person that nothing lives at an address; programs get it as JSON."""
    is_unknown = request.endpoint is None and response.status_code in {401, 404}
    is_ours = request.path.startswith(_OF_PROGRAMS)
    wants = request.accept_mimetypes.best_match(["application/json", "text/html"])
    if request.method != "GET" or not is_unknown or is_ours or wants != "text/html":
        return response
    if not is_built():
        return response
    page = _page()
    page.status_code = 404
    return page


def _page() -> Response:
    response = _file(FOLDER, "index.html", 0)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _file(folder: Path, name: str, seconds: int, *, immutable: bool = False) -> Response:
    """Answer with a file, in the smallest form that there is and that the browser takes."""
    for encoding, ending in _ENCODINGS:
        if request.accept_encodings.quality(encoding) and (folder / f"{name}{ending}").is_file():
            response = send_from_directory(folder, f"{name}{ending}", max_age=seconds)
            response.headers["Content-Encoding"] = encoding
            response.mimetype = _kind(name)
            break
    else:
        response = send_from_directory(folder, name, max_age=seconds)
    response.vary.add("Accept-Encoding")
    if immutable:
        response.cache_control.immutable = True
    return response


def _kind(name: str) -> str:
    kinds = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
    return kinds.get(Path(name).suffix, "image/svg+xml")
