"""The specs: one typed config per executor kind."""

from app.domain.specs.base import Spec
from app.domain.specs.http import HttpSpec
from app.domain.specs.shell import ShellSpec

SPECS: dict[str, type[Spec]] = {spec.kind: spec for spec in (HttpSpec, ShellSpec)}

__all__ = ["SPECS", "HttpSpec", "ShellSpec", "Spec"]
