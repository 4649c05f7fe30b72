"""The places of the page, as its router names them: a new page is found without being listed."""

import re

from tests.end_to_end.product import ROOT

_ROUTER = ROOT / "frontend" / "src" / "router.ts"
_PATH = re.compile(r'\bpath: "(/[^"]*)"')
_PARAMETER = re.compile(r"/:(\w+)(\(.*)?(\?|\*)?")
#: Where a route leads that has no other name for it.
NOWHERE = "/nothing-lives-here"


def routes() -> list[str]:
    """Return the paths of all routes, with their parameters as the router writes them."""
    return _PATH.findall(_ROUTER.read_text())


def place_of(route: str, ids: dict[str, str], tab: str) -> str:
    """Return an address for a route.

    ``ids`` has an id for each first part of a path; a ``:tab`` that must be there is ``tab``.
    Raises :class:`KeyError` for a route of which nobody has made anything to be seen.
    """

    def value(found: "re.Match[str]") -> str:
        name, _, mark = found.groups()
        if name == "rest":
            return NOWHERE
        if name == "tab":
            return "" if mark == "?" else f"/{tab}"
        return f"/{ids[route.split('/')[1]]}"

    return _PARAMETER.sub(value, route) or "/"
