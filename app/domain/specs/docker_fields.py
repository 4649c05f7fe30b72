"""Types of the fields of a docker job, and what is accepted in them."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.containers import plain_path
from app.domain.specs.fields import (
    EMPTY_IS_ABSENT,
    MAX_VARIABLES,
    NULL_IS_EMPTY_LIST,
    NULL_IS_EMPTY_MAP,
    Text,
)

_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?=[^/]*[.:]|localhost/){_HOST}(?:\.{_HOST})*(?::[0-9]{{1,5}})?/)?{_PART}(?:/{_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
    r"|sha256:[0-9a-f]{64}",
    re.ASCII,
)
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
#: Wider than that of shells: programs that are configured by their environment use dots.
_VARIABLE = re.compile(r"[^=\s\0]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_CAPABILITY = re.compile(r"[A-Z_]{2,40}")
_TMPFS_OPTIONS = re.compile(r"[a-z]+(?:=[a-zA-Z0-9%]+)?(?:,[a-z]+(?:=[a-zA-Z0-9%]+)?)*|")
_SIZE = re.compile(r"([0-9]{1,15})([bkmg]?)")
_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
#: The least that the engine accepts.
_LEAST_MEMORY = 6 * 1024**2


def _image(text: str) -> str:
    if not _IMAGE.fullmatch(text):
        raise ValueError(
            "must be the name of an image, such as alpine, python:3.13-slim or "
            "registry.example.com/team/tool:1.2"
        )
    return text


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text or ":" in text:
        raise ValueError("must be an absolute path without a colon")
    if ".." in text.split("/"):
        raise ValueError("must not contain ..")
    return text


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError("must be the name of a variable, without = and white space")
    return text


def _source(text: str) -> str:
    if text.startswith("/"):
        return _path(text)
    if not _NAME.fullmatch(text):
        raise ValueError("must be an absolute path on the engine's host, or the name of a volume")
    return text


def _target(text: str) -> str:
    path, colon, mode = text.partition(":")
    if colon and mode not in {"ro", "rw"}:
        raise ValueError("must be a path in the container; :ro or :rw may follow, nothing else")
    if plain_path(_path(path)) == "/":
        raise ValueError("must not be / itself")
    return text


def _mount_point(text: str) -> str:
    if plain_path(_path(text)) == "/":
        raise ValueError("must not be / itself")
    return text


def _tmpfs_options(text: str) -> str:
    if not _TMPFS_OPTIONS.fullmatch(text):
        raise ValueError("must be mount options, such as size=64m,mode=1777, or empty")
    return text


def _named(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("must be bridge, none, host, or the name of a network")
    return text


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise ValueError("must be a user or user:group, by name or number")
    return text


def _capability(text: str) -> str:
    name = text.removeprefix("CAP_")
    if not _CAPABILITY.fullmatch(name):
        raise ValueError("must be the name of a capability, such as NET_ADMIN, or ALL")
    return name


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _size(text: str) -> str:
    if not _SIZE.fullmatch(text.lower()):
        raise ValueError("must be a number of bytes, or one with a unit: 64k, 256m, 2g")
    return text


def _memory(text: str) -> str:
    if bytes_of(_size(text)) < _LEAST_MEMORY:
        raise ValueError("must be at least 6m")
    return text


def bytes_of(size: str) -> int:
    """Return how many bytes a size such as ``256m`` is."""
    found = _SIZE.fullmatch(size.lower())
    assert found is not None  # noqa: S101 - it was validated
    return int(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True, slots=True)
class Mount:
    """Something that is to be found at a path in the container."""

    source: str
    target: str
    is_read_only: bool

    @property
    def is_bind(self) -> bool:
        """Whether the source is a path of the host, and not a named volume."""
        return self.source.startswith("/")


Capabilities = Annotated[
    list[Annotated[str, BeforeValidator(_upper), AfterValidator(_capability)]],
    Field(max_length=64),
    NULL_IS_EMPTY_LIST,
]
Variables = Annotated[
    dict[Annotated[str, AfterValidator(_variable)], Text],
    Field(max_length=MAX_VARIABLES),
    NULL_IS_EMPTY_MAP,
]
Volumes = Annotated[
    dict[Annotated[Text, AfterValidator(_source)], Annotated[Text, AfterValidator(_target)]],
    Field(max_length=100),
    NULL_IS_EMPTY_MAP,
]
Tmpfs = Annotated[
    dict[
        Annotated[Text, AfterValidator(_mount_point)],
        Annotated[str, AfterValidator(_tmpfs_options)],
    ],
    Field(max_length=100),
    NULL_IS_EMPTY_MAP,
]

Image = Annotated[str, AfterValidator(_image)]
Network = Annotated[str, AfterValidator(_named)]
Workdir = Annotated[Annotated[str, AfterValidator(_path)] | None, EMPTY_IS_ABSENT]
User = Annotated[Annotated[str, AfterValidator(_user)] | None, EMPTY_IS_ABSENT]
Memory = Annotated[
    Annotated[str, AfterValidator(_memory)] | None,
    BeforeValidator(_number_as_text),
    EMPTY_IS_ABSENT,
]
Size = Annotated[
    Annotated[str, AfterValidator(_size)] | None, BeforeValidator(_number_as_text), EMPTY_IS_ABSENT
]
