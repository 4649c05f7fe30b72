"""What the containers of jobs may have of their host."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Who reaches one of these rules the host: they are never mounted into a job.
_SOCKETS = tuple(
    f"{folder}/{name}"
    for folder in ("/run", "/var/run")
    for name in ("containerd", "crio", "docker.sock", "docker", "podman")
)
#: Of these nothing is mounted unless the operator allows it: they are the host itself.
_SYSTEM = (
    "/boot",
    "/dev",
    "/etc",
    "/proc",
    "/root",
    "/sys",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
)
_ALLOWABLE = re.compile(r"network:host|cap:[A-Z_]+|bind:/[^,]*")


@dataclass(frozen=True, slots=True)
class ContainerRules:
    """The operator's list (DOCKER_ALLOW) over the product's own rule, and what is never given."""

    #: Entries such as ``network:host``, ``cap:NET_ADMIN`` and ``bind:/etc/ssl/certs``.
    allow: tuple[str, ...] = ()
    #: Paths of this product's own files.
    own: tuple[str, ...] = ()
    #: The sockets by which we reach the engine ourselves.
    sockets: tuple[str, ...] = ()

    def allows(self, entry: str) -> bool:
        """Return whether the operator's list holds this entry."""
        return entry in self.allow

    def bind_refusal(self, path: str) -> str | None:
        """Return why a path of the host must not be mounted, as a sentence."""
        path = plain_path(path)
        if _meets(path, (*_SOCKETS, *self.sockets)):
            return f"{path} holds the socket of a container engine, which no job may have."
        if _meets(path, self.own):
            return f"{path} holds files of this product, which no job may have."
        allowed = (entry.removeprefix("bind:") for entry in self.allow if entry.startswith("bind:"))
        if _meets(path, _SYSTEM) and not any(_is_within(path, folder) for folder in allowed):
            return f"{path} belongs to the host's system; DOCKER_ALLOW can allow it: bind:{path}"
        return None


def parse_allowed(text: str) -> tuple[str, ...]:
    """Read what is allowed, divided by commas. Raises ValueError that names a bad entry."""
    return tuple(_allowed(entry.strip()) for entry in text.split(",") if entry.strip())


def plain_path(path: str) -> str:
    """Return an absolute path without ``.``, ``..`` and doubled slashes."""
    return posixpath.normpath("/" + path.lstrip("/"))


def _allowed(entry: str) -> str:
    if not _ALLOWABLE.fullmatch(entry):
        raise ValueError(
            f"{entry!r} can't be allowed; there are network:host, cap:NAME (such as cap:NET_ADMIN) "
            "and bind:PATH (such as bind:/etc/ssl/certs)"
        )
    kind, _, what = entry.partition(":")
    return f"bind:{plain_path(what)}" if kind == "bind" else entry


def _meets(path: str, others: Iterable[str]) -> bool:
    """Return whether a path is, holds, or lies in one of the others."""
    return any(_is_within(path, other) or _is_within(other, path) for other in others)


def _is_within(path: str, folder: str) -> bool:
    return folder in {"/", path} or path.startswith(folder + "/")
