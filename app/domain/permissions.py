"""What one may be allowed to do, and the roles that the product brings.

A permission is ``subject:verb``. Roles hold permissions; a key holds scopes, each of which stands
for a set of them. Which permission a route needs says ``app/api/gate/permits.py``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.domain.api_keys import ADMIN, IMPLIED, READ, WRITE

#: Every permission there is, with what it allows.
PERMISSIONS: Final = {
    "job:read": "See jobs, chains, schedules, projects and tags",
    "job:write": "Make and change jobs, chains, projects and tags",
    "job:write-own": "Change and delete jobs and chains that one owns",
    "job:execute": "Start jobs and chains, and replay executions",
    "job:delete": "Delete jobs, chains, projects and tags",
    "job:import": "Bring in jobs from definitions",
    "job:export": "Take out jobs as definitions",
    "execution:read": "See executions and what they printed",
    "execution:stop": "Cancel executions and chain runs",
    "execution:purge": "Delete executions, or what they printed, on purpose",
    "variable:read": "See variables that are not sensitive",
    "variable:write": "Make, change and delete variables",
    "variable:encrypt": "Make and change sensitive variables, and see that they are there",
    "webhook:read": "See webhooks and their deliveries",
    "webhook:write": "Make, change and delete webhooks, and send deliveries again",
    "user:manage": "Make, change and delete users and the keys of others",
    "role:assign": "Make, change and give roles",
    "system:config": "Change the settings, queues, workers and pauses of the installation",
    "system:audit": "Read and export the audit log",
    "dashboard:admin": "See settings, and figures of the whole installation",
    "dashboard:user": "See queues, workers and figures of what one may see",
}
EVERY: Final = frozenset(PERMISSIONS)
#: Permissions that end so are for what one owns.
OWN: Final = "-own"
#: What reaches beyond any project: a key that is limited to one never has it.
OF_INSTALLATION: Final = frozenset(
    {"user:manage", "role:assign", "system:config", "system:audit", "dashboard:admin"}
)


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role that is always there and can't be changed."""

    name: str
    description: str
    permissions: frozenset[str]
    #: Whether its holders see everything, or what is theirs and that of their projects.
    sees_all: bool


_SEEING: Final = frozenset(
    {"job:read", "execution:read", "variable:read", "webhook:read", "dashboard:user"}
)
BUILT_IN: Final = {
    role.name: role
    for role in (
        BuiltInRole("admin", "May do everything", EVERY, sees_all=True),
        BuiltInRole(
            "operator",
            "Sees everything, starts and stops jobs",
            _SEEING | {"job:execute", "job:export", "execution:stop"},
            sees_all=True,
        ),
        BuiltInRole("viewer", "Sees everything, changes nothing", _SEEING, sees_all=True),
        BuiltInRole(
            "user",
            "Sees, starts and changes own jobs; sees and starts those of own projects",
            frozenset(
                {
                    "job:read",
                    "job:write-own",
                    "job:execute",
                    "execution:read",
                    "execution:stop",
                    "variable:read",
                    "dashboard:user",
                }
            ),
            sees_all=False,
        ),
    )
}
_READING: Final = _SEEING | {"job:export", "dashboard:admin"}
_WRITING: Final = _READING | {
    "job:write",
    "job:write-own",
    "job:execute",
    "job:delete",
    "job:import",
    "execution:stop",
    "variable:write",
    "variable:encrypt",
    "webhook:write",
}
#: What each scope of a key stands for.
OF_SCOPE: Final = {READ: _READING, WRITE: _WRITING, ADMIN: EVERY}


def of_scopes(scopes: str) -> frozenset[str]:
    """Return what a key with these stored scopes may do."""
    named = {scope for given in scopes.split(",") for scope in IMPLIED.get(given, ())}
    return frozenset().union(*(OF_SCOPE[scope] for scope in named))


def idle_scopes(scopes: str, held: frozenset[str]) -> list[str]:
    """Return the stored scopes that give an owner with these permissions nothing more."""
    idle, below = [], frozenset[str]()
    for scope, allowed in OF_SCOPE.items():
        if scope in scopes.split(",") and not (allowed - below) & held:
            idle.append(scope)
        below = allowed
    return idle


def clean_permissions(names: Iterable[str]) -> tuple[str, ...]:
    """Return permissions in their stored order, each once.

    Raises :class:`ValueError` that names all that do not exist.
    """
    given = set(names)
    unknown = sorted(given - EVERY)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; there are: {', '.join(PERMISSIONS)}")
    return tuple(name for name in PERMISSIONS if name in given)
