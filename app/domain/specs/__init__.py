"""The specs: one typed config per executor kind."""

from app.domain.specs import plugins
from app.domain.specs.base import Spec
from app.domain.specs.docker import DockerSpec
from app.domain.specs.http import HttpSpec
from app.domain.specs.plugins import Plugin
from app.domain.specs.shell import ShellSpec

OWN: dict[str, type[Spec]] = {spec.kind: spec for spec in (DockerSpec, HttpSpec, ShellSpec)}
#: What other packages bring.
FOUND = plugins.find(OWN)
SPECS: dict[str, type[Spec]] = OWN | {kind: p.spec for kind, p in FOUND.plugins.items()}

__all__ = ["FOUND", "OWN", "SPECS", "DockerSpec", "HttpSpec", "Plugin", "ShellSpec", "Spec"]
