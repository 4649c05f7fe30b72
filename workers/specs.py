"""What an execution is to do: its config, with its variables, as the spec of its kind."""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from app.domain import templating
from app.domain.errors import shorten
from app.domain.masking import masker_for
from app.domain.specs import SPECS, Spec, filling
from app.domain.variables import JOB, context_of
from app.gateways import cipher
from app.services.executions import Claim, Given
from workers.executors.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Order:
    """A spec to perform, and the values in it that nobody may read."""

    spec: Spec
    secrets: tuple[str, ...] = ()


def order_of(claim: Claim) -> Order:
    """Return what a claim is about. Raises :class:`Refusal` if it can't be told.

    The values of variables are in the clear from here on, in this process only; no sentence of a
    refusal holds one.
    """
    kind = SPECS.get(claim.type)
    if kind is None:
        raise Refusal("UNKNOWN_TYPE", f"{_ERROR}this worker knows no job type {claim.type!r}")
    if claim.variables is None:
        return Order(_literal(kind, claim.config))
    values = {one.name: _opened(one) for one in claim.variables}
    own = [one.name for one in claim.variables if one.scope == JOB]
    try:
        config, got = filling.filled(kind, orjson.loads(claim.config), values, own)
        spec = kind.model_validate_json(orjson.dumps(config))
    except templating.MissingVariables as missing:
        raise _missing(missing.names) from None
    except templating.TooLong as error:
        raise Refusal("CONFIG_INVALID", f"{_ERROR}the config can't be used: {error}") from None
    except ValidationError as error:
        hidden = masker_for(tuple(values[one.name] for one in claim.variables if one.is_sensitive))
        text = hidden.excerpt(filling.faults(error))
        text = f"{_ERROR}the config can't be used with its variables: {text}"
        raise Refusal("CONFIG_INVALID", shorten(text, 600)) from None
    secret = (one.name for one in claim.variables if one.is_sensitive and one.name in got)
    return Order(spec, tuple(values[name] for name in secret))


_ERROR = "Execution error: "


def _literal(kind: type[Spec], text: str) -> Spec:
    """Return the spec of a job to which no variable applies: all is as it is written."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        names = filling.named(kind, _object(text))
        if names:  # it was saved for its variables, which have gone since
            raise _missing(sorted(names)) from None
        reason = f"{_ERROR}the config can't be read: {shorten(filling.faults(error), 500)}"
        raise Refusal("CONFIG_INVALID", reason) from None


def _object(text: str) -> dict[str, Any]:
    value = orjson.loads(text)
    return value if isinstance(value, dict) else {}


def _missing(names: tuple[str, ...] | list[str]) -> Refusal:
    shown = ", ".join(f"${{{name}}}" for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    text = f"{_ERROR}no variable of this job, its project or all jobs is named {shown}{more}"
    return Refusal("VARIABLE_MISSING", text)


def _opened(one: Given) -> str:
    """Return the value of a variable. Raises :class:`Refusal` if its key is not here."""
    if not one.is_sensitive:
        return one.stored
    try:
        return cipher.current().decrypt(one.stored, context_of(one.id))
    except cipher.KeyMissing as error:
        text = f"{_ERROR}the variable {one.name} can't be decrypted: {error}"
        raise Refusal("VARIABLE_UNREADABLE", text) from None
