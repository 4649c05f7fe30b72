"""Kinds of jobs that other packages bring: found by their entry points in ``oneoff.executors``.

An entry point leads to a :class:`Plugin`. The spec is loaded everywhere, for the API checks configs
by it; the executor only in workers, by its name, so that its libraries are needed nowhere else.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from app.domain.errors import shorten
from app.domain.specs.base import Spec

GROUP: Final = "oneoff.executors"
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PLACE: Final = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True, slots=True)
class Plugin:
    """A kind of job: its spec, and where its executor is, as ``package.module:Class``."""

    spec: type[Spec]
    executor: str


@dataclass(frozen=True, slots=True)
class Found:
    """The plugins of this installation by kind, and a sentence on each that can't be used."""

    plugins: dict[str, Plugin]
    faults: tuple[str, ...]


def find(taken: Collection[str]) -> Found:
    """Load all plugins; kinds in ``taken`` are ours and can't be replaced."""
    return load(sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)), taken)


def load(entries: Iterable[EntryPoint], taken: Collection[str]) -> Found:
    """Load the plugins behind entry points; what is wrong with one does not touch the others."""
    plugins: dict[str, Plugin] = {}
    faults = []
    for entry in entries:
        try:
            plugin = _checked(entry.load(), {*taken, *plugins})
        except Exception as error:
            place = f"{entry.name} = {entry.value}"
            faults.append(f"{place}: {type(error).__name__}: {shorten(str(error), 300)}")
        else:
            plugins[plugin.spec.kind] = plugin
    return Found(plugins, tuple(faults))


def _checked(plugin: object, taken: Collection[str]) -> Plugin:
    """Return it if it is a usable plugin. Raises ``TypeError`` or ``ValueError`` if not."""
    if not isinstance(plugin, Plugin) or not issubclass(plugin.spec, Spec):
        raise TypeError("it must lead to a Plugin with a spec and an executor")
    kind = getattr(plugin.spec, "kind", "")
    if not _KIND.fullmatch(kind):
        raise ValueError(f"the kind {kind!r} must be a lower-case word of at most 32 characters")
    if kind in taken:
        raise ValueError(f"there is a kind {kind!r} already")
    missing = [name for name in ("title", "description") if not getattr(plugin.spec, name, "")]
    if missing:
        raise ValueError(f"its spec has no {' and no '.join(missing)}")
    if not _PLACE.fullmatch(plugin.executor):
        raise ValueError(f"executor must be package.module:Class, not {plugin.executor!r}")
    return plugin
