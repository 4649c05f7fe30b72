"""The page that says which route is open to whom, from the table by which the gate decides."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.api.gate.permits import KNOWN, OPEN, PERSON, SIGNED_IN, needed
from app.domain.permissions import BUILT_IN, OF_INSTALLATION, OF_SCOPE, OWN
from app.factory import create_app
from app.settings import Settings
from docs.markdown import page, table

YES, OWNED, NO = "yes", "own", ""
_QUIET: Final = {"OPTIONS", "HEAD"}
_OF_PEOPLE: Final = frozenset({PERSON, SIGNED_IN})
_WORDS: Final = {PERSON: "a person or their key", SIGNED_IN: "a person who has signed in"}
#: Who comes in, by the name at the head of a column; ``None`` has not said who it is.
CALLERS: Final[Mapping[str, frozenset[str] | None]] = {
    "nobody": None,
    "no role": _OF_PEOPLE,
    **{
        name: BUILT_IN[name].permissions | _OF_PEOPLE
        for name in ("viewer", "operator", "user", "admin")
    },
    **{f"key: {scope}": held for scope, held in OF_SCOPE.items()},
    "key: admin, one project": OF_SCOPE["admin"] - OF_INSTALLATION,
}


def cell(endpoint: str, held: frozenset[str] | None) -> str:
    """Return whether a route is open to whoever holds these permissions."""
    if endpoint in OPEN:
        return YES
    if held is None:
        return NO
    found = [one for one in needed(endpoint) if one == KNOWN or one in held]
    if found and all(one.endswith(OWN) for one in found):
        return OWNED
    return YES if found else NO


def routes() -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, method and address of each route."""
    app = create_app(Settings(auth_enabled=True))
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) - _QUIET):
            yield rule.endpoint, method, rule.rule


def rows() -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table: route, what it needs, and a cell for each caller."""
    for endpoint, method, address in routes():
        needs = " or ".join(_WORDS.get(one, f"`{one}`") for one in needed(endpoint) if one != KNOWN)
        words = "nothing" if endpoint in OPEN else needs or "any key or sign-in"
        shown = address.replace("<", "{").replace(">", "}").replace("|", "/")
        cells = (cell(endpoint, held) for held in CALLERS.values())
        yield (f"`{method} {shown}`", words, *cells)


def access_page() -> str:
    """Return the page of routes and who may use them."""
    return page(
        "Access",
        "Which route is open to whom. *yes*: for all that the caller sees. *own*: only for jobs "
        "and chains that the caller owns; for others that are seen the answer is 403. An empty "
        "cell is 401 for who has not said who it is, and 403 for everybody else, with the "
        "permissions of which one is needed in `details.needs`. A person may have several roles, "
        "and then may do what any of them allows; a key with an owner may do what both it and its "
        "owner may.",
        "What somebody *sees* is a second question. The roles admin, operator and viewer see "
        "everything. A user sees the jobs and chains that are owned by that user, those of the "
        "projects of which the user is a member, what these ran, and what the user started. A key "
        "of one project sees that project and nothing else. What is hidden is answered as if it "
        "did not exist: 404, not in lists, not counted.",
        table(("Route", "Needs", *CALLERS), *rows()),
    )
