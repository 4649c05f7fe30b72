"""Keys under which executions share slots: a template over a few fields of their job.

``tenant-{{project_id}}`` is one. The grammar is this and nothing else: names from a fixed list in
double braces; all other text stands for itself.
"""

import hashlib
import re
from typing import Any, Final

#: Fields of a job that a template may name.
NAMES: Final = ("external_id", "job_id", "name", "priority", "project_id", "queue", "type")
LONGEST: Final = 255
MOST: Final = 10_000
#: What tells a key from the id of a job, where an execution says what it waits for.
PREFIX: Final = "key:"
_PART: Final = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")


def check(template: str) -> str:
    """Return a template. Raises :class:`ValueError` if it is none."""
    if not 1 <= len(template) <= LONGEST or not template.isprintable():
        raise ValueError(f"must have 1 to {LONGEST} printable characters")
    unknown = [name for name in _PART.findall(template) if name not in NAMES]
    rest = _PART.sub("", template)
    if unknown or "{{" in rest or "}}" in rest:
        allowed = ", ".join(f"{{{{{name}}}}}" for name in NAMES)
        raise ValueError(f"may name these fields: {allowed}")
    return template


def render(template: str, job: Any) -> str:
    """Return the key of an execution of a job; a long one is shortened by its SHA-256."""

    def value(found: re.Match[str]) -> str:
        name = "id" if found[1] == "job_id" else found[1]
        text = getattr(job, name)
        return "" if text is None else str(text)

    key = PREFIX + _PART.sub(value, template)
    if len(key) <= LONGEST:
        return key
    return f"{key[: LONGEST - 65]}-{hashlib.sha256(key.encode()).hexdigest()}"
