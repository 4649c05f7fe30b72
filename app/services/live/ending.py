"""Whether this process ends: streams look at it often, and end with it."""

_is_near = False


def announce() -> None:
    """Have all streams of this process end within a second. Safe within a signal's handler."""
    global _is_near  # noqa: PLW0603 - the process ends once
    _is_near = True


def is_near() -> bool:
    """Return whether this process is about to end."""
    return _is_near
