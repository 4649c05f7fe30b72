"""Making, changing and deleting variables."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Conflict, Fault, Invalid, NotFound, invalid
from app.domain.ids import new_id, normalise_id
from app.domain.specs.base import HIDDEN
from app.domain.variables import GLOBAL, JOB, PROJECT, check_value, context_of
from app.gateways import cipher
from app.models import Variable
from app.services.access import Principal
from app.services.variables import reach
from app.services.variables.views import wire

#: Every start of a job looks through those of its scopes.
MOST_IN_A_SCOPE = 1000
_OWNERS = {GLOBAL: None, PROJECT: "project_id", JOB: "job_id"}


def get(session: Session, who: Principal, variable_id: str, *, lock: bool = False) -> Variable:
    """Return a variable that somebody sees. Raises :class:`NotFound`."""
    known = normalise_id(variable_id)
    query = sa.select(Variable).where(Variable.id == known, *reach.visible(who))
    found = session.scalar(query.with_for_update() if lock else query) if known else None
    if found is None:
        raise NotFound("Variable not found")
    return found


def create(session: Session, who: Principal, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make a variable; return it as it goes on the wire.

    Raises :class:`Invalid`, :class:`Forbidden`, and :class:`Conflict` for a name that is taken.
    """
    is_sensitive = given.get("is_sensitive", False)
    place, faults = _place(session, who, given)
    faults += _value_faults(given.get("value"), is_sensitive=is_sensitive)
    if faults:
        raise Invalid(faults)
    reach.check_change(who, place["scope"], is_sensitive=is_sensitive)
    _refuse_taken(session, given["name"], place)
    _refuse_too_many(session, place)
    made = Variable(
        **place,
        id=new_id(),
        name=given["name"],
        is_sensitive=is_sensitive,
        description=given.get("description"),
        created_by=who.actor,
        version=1,
        created_at=now(),
        updated_at=now(),
    )
    _store(made, given["value"])
    session.add(made)
    session.flush()
    return wire(made)


def update(
    session: Session,
    who: Principal,
    variable_id: str,
    given: Mapping[str, Any],
    expected_version: str | None = None,
) -> dict[str, Any]:
    """Change what is given of a variable; executions that started before keep what they got.

    The sign for a hidden value stands for the one that is there. Raises as :func:`create` does,
    and :class:`Conflict` if the variable is at another version than the expected one.
    """
    found = get(session, who, variable_id, lock=True)
    _check_version(found, expected_version)
    is_sensitive = given.get("is_sensitive", found.is_sensitive)
    reach.check_change(who, found.scope, is_sensitive=is_sensitive or found.is_sensitive)
    value = given.get("value")
    if value is not None and not (found.is_sensitive and value == HIDDEN):
        if faults := _value_faults(value, is_sensitive=is_sensitive):
            raise Invalid(faults)
    elif found.is_sensitive and not is_sensitive:
        raise invalid("value", "is needed: a hidden value is not shown by making it a plain one")
    else:
        value = found.value if is_sensitive and not found.is_sensitive else None
    if given.get("name", found.name) != found.name:
        _refuse_taken(session, given["name"], _place_of(found))
    found.is_sensitive = is_sensitive
    for name in given.keys() & {"name", "description"}:
        setattr(found, name, given[name])
    if value is not None:
        _store(found, value)
    found.version, found.updated_at = found.version + 1, now()
    session.flush()
    return wire(found)


def delete(session: Session, who: Principal, variable_id: str) -> None:
    """Delete a variable. Jobs that name it fail from then on, or find another of this name."""
    found = get(session, who, variable_id, lock=True)
    reach.check_change(who, found.scope, is_sensitive=found.is_sensitive)
    session.delete(found)
    session.flush()


def _store(variable: Variable, value: str) -> None:
    variable.value = (
        cipher.current().encrypt(value, context_of(variable.id)) if variable.is_sensitive else value
    )


def _place(
    session: Session, who: Principal, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Fault]]:
    """Return where a new variable stands, and what is wrong with that."""
    owners = {PROJECT: given.get("project_id"), JOB: given.get("job_id")}
    implied = next((scope for scope in (JOB, PROJECT) if owners[scope]), GLOBAL)
    scope = given.get("scope") or implied
    faults = [
        Fault(str(_OWNERS[other]), f"is for the scope {other}, and this is {scope}", owner)
        for other, owner in owners.items()
        if owner and other != scope
    ]
    own = _OWNERS[scope]
    if own and not owners[scope]:
        faults.append(Fault(own, f"is needed for the scope {scope}"))
    elif own and not _exists(session, who, scope, owners[scope]):
        faults.append(Fault(own, f"there is no such {scope}", owners[scope]))
    place = {"scope": scope, "project_id": None, "job_id": None}
    return place | ({own: normalise_id(owners[scope] or "")} if own else {}), faults


def _exists(session: Session, who: Principal, scope: str, owner_id: Any) -> bool:
    known = normalise_id(owner_id)
    if known is None:
        return False
    if scope == PROJECT:
        return reach.has_project(session, who, known)
    try:
        reach.job(session, who, known)
    except NotFound:
        return False
    return True


def _place_of(variable: Variable) -> dict[str, Any]:
    return {name: getattr(variable, name) for name in ("scope", "project_id", "job_id")}


def _value_faults(value: Any, *, is_sensitive: bool) -> list[Fault]:
    """Return what is wrong with a value; it is not shown, for it may be a secret."""
    if not isinstance(value, str):
        return [Fault("value", "missing required field" if value is None else "must be a text")]
    if is_sensitive and value == HIDDEN:
        return [Fault("value", f"can't be {HIDDEN}: that stands for a value which is hidden")]
    try:
        check_value(value)
    except ValueError as error:
        return [Fault("value", str(error))]
    return []


def _in(place: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the variables in one scope."""
    return [getattr(Variable, name) == value for name, value in place.items() if value is not None]


def _refuse_taken(session: Session, name: str, place: Mapping[str, Any]) -> None:
    query = sa.select(Variable.id).where(Variable.name == name, *_in(place))
    if session.scalar(query) is not None:
        raise Conflict("there is a variable of this name in this scope")


def _refuse_too_many(session: Session, place: Mapping[str, Any]) -> None:
    count = session.scalar(sa.select(sa.func.count(Variable.id)).where(*_in(place))) or 0
    if count >= MOST_IN_A_SCOPE:
        raise Conflict(f"there are {MOST_IN_A_SCOPE} variables in this scope; more can't be made")


def _check_version(variable: Variable, expected: str | None) -> None:
    if expected is None or expected.strip() == "*":
        return
    if expected.strip().removeprefix("W/").strip('"') != str(variable.version):
        message = f"the variable was changed by another: it is at version {variable.version}"
        raise Conflict(message, {"version": variable.version})
