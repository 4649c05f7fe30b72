"""Reading the settings of this start, from flags, the environment and a file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from app.domain.errors import Fault, Invalid, shorten
from app.settings.model import Settings

#: Settings that may hold a password: never shown, and each may come from a file (NAME_FILE).
SECRETS = frozenset(
    {
        *("database_url", "redis_url", "broker_url", "oidc_client_secret"),
        *("encryption_key", "encryption_keys_old", "smtp_password"),
        "otel_exporter_otlp_headers",
    }
)
#: Other names under which people of other systems know the same settings.
ALIAS_PREFIXES = ("TASKFLOW_", "APP__")


@dataclass(frozen=True, slots=True)
class Given:
    """One value with the place it came from, for messages."""

    value: Any
    source: str


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read flags > environment > file > defaults.

    Raises :class:`Invalid` that lists every fault with the source of the value.
    """
    environ = os.environ if environ is None else environ
    values = _from_environment(environ)
    values |= {
        name: Given(value, f"--{name.replace('_', '-')}")
        for name, value in (flags or {}).items()
        if value is not None
    }
    given = frozenset(values)
    values = _from_file(environ, values) | values
    return _validated(values, given)


def take_from_environment(name: str) -> str:
    """Return a variable that is meant for this process alone, and remove it."""
    return os.environ.pop(name, "")


def _validated(values: Mapping[str, Given], given: frozenset[str]) -> Settings:
    try:
        return Settings(**{name: g.value for name, g in values.items()}, given=given)
    except ValidationError as error:
        raise Invalid([_fault(item, values) for item in error.errors()]) from None


def _fault(item: Any, values: Mapping[str, Given]) -> Fault:
    name = str(item["loc"][0]) if item["loc"] else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    if not name:
        return Fault("", message)
    source = values[name].source if name in values else "default"
    shown = "***" if name in SECRETS else shorten(str(item.get("input", "")))
    return Fault(name.upper(), f"{message} (from {source})", shown)


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for name in Settings.model_fields:
        for variable in (*(p + name.upper() for p in ALIAS_PREFIXES), name.upper()):
            if environ.get(variable, "") != "":
                found[name] = Given(environ[variable], f"environment {variable}")
        if name in SECRETS and environ.get(f"{name.upper()}_FILE"):
            found[name] = _secret_file(name, environ[f"{name.upper()}_FILE"])
    return found


def _secret_file(name: str, path: str) -> Given:
    try:
        return Given(Path(path).read_text().strip(), f"file {path}")
    except OSError as error:
        fault = Fault(f"{name.upper()}_FILE", f"can't be read: {error.strerror}", shorten(path))
        raise Invalid([fault]) from None


def _from_file(environ: Mapping[str, str], values: Mapping[str, Given]) -> dict[str, Given]:
    """Read the settings file: ``ONEOFF_CONFIG``, else ``oneoff.env`` in the data folder."""
    named = environ.get("ONEOFF_CONFIG")
    folder = values["data_dir"].value if "data_dir" in values else "~/.oneoff"
    path = Path(named or f"{folder}/oneoff.env").expanduser()
    if not path.is_file():
        if named:
            raise Invalid([Fault("ONEOFF_CONFIG", "there is no such file", shorten(named))])
        return {}
    known = Settings.model_fields.keys() - {"given"}
    lines = {k.lower(): v for k, v in dotenv_values(path, interpolate=False).items()}
    unknown = sorted(lines.keys() - known)
    if unknown:
        raise Invalid([Fault(n.upper(), f"is no setting (from {path})") for n in unknown])
    return {n: Given(v, f"file {path}") for n, v in lines.items() if v not in (None, "")}
