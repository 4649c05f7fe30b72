"""Finding whatever is meant by a few letters: jobs, executions, chains, errors, people.

Each kind looks at a bounded number of rows, the newest, and by indexes where there are some; so an
answer costs alike however much there is. What somebody may not see is not found.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from app.domain.folding import fold
from app.services.finding import executions, jobs, rest
from app.services.finding.hits import Hit, Wish

__all__ = ["KINDS", "LONGEST", "MOST", "Hit", "find", "names"]

#: So many hits are told of each kind.
MOST: Final = 50
LONGEST: Final = 200
Finder = Callable[[Session, Wish], Sequence[Hit]]
#: What there is to find, and which permission lets one; in the order of the answer.
KINDS: Final[dict[str, tuple[str, Finder]]] = {
    "job": ("job:read", jobs.find),
    "execution": ("execution:read", executions.find),
    "chain": ("job:read", rest.chains),
    "error": ("execution:read", rest.errors),
    "person": ("user:manage", rest.people),
}


def find(
    session: Session, text: str, kinds: Collection[str], limit: int, may: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """Return the hits of the wanted kinds that ``may`` lets one read, the best of each first."""
    wish = Wish(text.strip(), fold(text.strip()), limit)
    if not wish.folded:
        return []
    found: list[dict[str, Any]] = []
    for kind, (permission, finder) in KINDS.items():
        if kind in kinds and may(permission):
            found += [hit.wire(kind) for hit in finder(session, wish)[:limit]]
    return found


def names(session: Session) -> dict[str, Any]:
    """Return all jobs as hits, for who looks through them himself; none if there are too many."""
    found = jobs.of_all(session)
    return {
        "jobs": [hit.wire("job") for hit in found or ()],
        "is_complete": found is not None,
    }
