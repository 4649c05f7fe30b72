"""What is wrong with a draft, collected so that all of it is said at once."""

from dataclasses import dataclass, field

from app.domain.errors import Fault, Invalid, shorten

#: The order in which faults are listed; all other fields follow.
_ORDER = ("type", "config", "scheduled_at", "immediate", "priority", "project_id", "name")


@dataclass(slots=True)
class Faults:
    """What is wrong with one draft, so far."""

    found: list[Fault] = field(default_factory=list)

    def add(self, name: str, message: str, value: object = None) -> None:
        """Add a fault; its value is shown shortened."""
        self.found.append(Fault(name, message, None if value is None else shorten(value)))

    def touch(self, *names: str) -> bool:
        """Return whether one of these fields is already known to be wrong."""
        return any(f.field.split(".")[0] in names for f in self.found)

    def raise_any(self) -> None:
        """Raise :class:`Invalid` if there is a fault."""
        if self.found:
            raise Invalid(sorted(self.found, key=_rank))


def _rank(fault: Fault) -> int:
    name = fault.field.split(".")[0]
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
