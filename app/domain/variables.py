"""Variables: their names, their values, and where they apply."""

import re
from typing import Final

GLOBAL: Final = "global"
PROJECT: Final = "project"
JOB: Final = "job"
#: Where a variable may stand, the strongest first: of one name the strongest counts.
SCOPES: Final = (JOB, PROJECT, GLOBAL)
MAX_VALUE_BYTES: Final = 65_536
MAX_DESCRIPTION: Final = 1000

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
#: With these an interpreter or a loader runs other code than it was asked to, or finds another.
_REFUSED: Final = re.compile(
    r"PATH|IFS|PS4|BASH_ENV|BASHOPTS|SHELLOPTS|NODE_OPTIONS|PERL5(?:OPT|LIB|DB)|RUBY(?:OPT|LIB)"
    r"|JAVA_TOOL_OPTIONS|TRACEPARENT|(?:PYTHON|LD_|DYLD_|ONEOFF_)\w*",
    re.ASCII,
)


def clean_name(text: str) -> str:
    """Return the name of a variable. Raises :class:`ValueError` if it can't be one."""
    if not _NAME.fullmatch(text):
        raise ValueError("must have 1 to 64 letters, digits and _, and begin with no digit")
    if _REFUSED.fullmatch(text):
        raise ValueError("is a name by which programs are told what to load; choose another")
    return text


def check_value(text: str) -> str:
    """Return the value of a variable. Raises :class:`ValueError` if it can't be one."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no text") from None
    if size > MAX_VALUE_BYTES:
        raise ValueError(f"must be at most {MAX_VALUE_BYTES} bytes, and has {size}")
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def context_of(variable_id: str) -> str:
    """Return what binds the encrypted value of a variable to its row."""
    return f"variable:{variable_id}"
