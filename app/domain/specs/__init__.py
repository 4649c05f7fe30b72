"""The specs: one typed config per executor kind."""

from app.domain.specs import plugins
from app.domain.specs.base import Spec
from app.domain.specs.claude import ClaudeSpec
from app.domain.specs.docker import DockerSpec
from app.domain.specs.http import HttpSpec
from app.domain.specs.plugins import Plugin
from app.domain.specs.python import PythonSpec
from app.domain.specs.shell import ShellSpec

OWN: dict[str, type[Spec]] = {
    spec.kind: spec for spec in (ClaudeSpec, DockerSpec, HttpSpec, PythonSpec, ShellSpec)
}
#: What other packages bring.
FOUND = plugins.find(OWN)
SPECS: dict[str, type[Spec]] = OWN | {kind: p.spec for kind, p in FOUND.plugins.items()}

__all__ = [
    "FOUND",
    "OWN",
    "SPECS",
    "ClaudeSpec",
    "DockerSpec",
    "HttpSpec",
    "Plugin",
    "PythonSpec",
    "ShellSpec",
    "Spec",
]
