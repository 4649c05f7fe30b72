"""What jobs may ask of the programs that the operator has put here for them."""

import re
from dataclasses import dataclass

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
#: Variables with which an interpreter or a loader runs other code than it was asked to.
_LOADING = ("PYTHON", "LD_", "DYLD_")


@dataclass(frozen=True, slots=True)
class ProgramRules:
    """The operator's word on claude and python jobs; by default they get nothing."""

    #: CLAUDE_ALLOW_SKIP_PERMISSIONS: whether Claude may act without asking for permission.
    may_skip_permissions: bool = False
    #: PYTHON_ALLOW: the packages whose callables may be named.
    packages: tuple[str, ...] = ()

    def has_package(self, module: str) -> bool:
        """Return whether a module is one of the allowed packages, or lies in one."""
        return any(module == name or module.startswith(f"{name}.") for name in self.packages)


def parse_packages(text: str) -> tuple[str, ...]:
    """Read names of packages, divided by commas. Raises ValueError that names a bad one."""
    return tuple(_package(part.strip()) for part in text.split(",") if part.strip())


def changes_code(name: str) -> bool:
    """Return whether a variable of this name can make an interpreter load other code."""
    return name.startswith(_LOADING)


def _package(name: str) -> str:
    if not _PACKAGE.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a package, such as reports or acme.reports")
    return name
