"""Who asks, what he may do, and what he may see."""

from dataclasses import dataclass, field

from app.domain.outbound import Network
from app.domain.permissions import EVERY


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees: all, or what is his and what belongs to his projects."""

    everything: bool
    #: What he owns and started carries this name.
    actor: str = ""
    projects: frozenset[str] = frozenset()
    #: Nothing outside of this project, whatever else is said here.
    within: str | None = None

    @property
    def is_limited(self) -> bool:
        """Return whether there may be things that he does not see."""
        return not self.everything or self.within is not None


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has shown who he is: a person, a program with a key, or anybody at all."""

    #: The name under which his deeds are kept: ``user:NAME``, ``key:NAME``, ``anonymous``.
    actor: str
    permissions: frozenset[str]
    sight: Sight
    user_id: str | None = None
    key_id: str | None = None
    session_id: str | None = None
    #: He may do nothing but give himself a new password.
    must_change_password: bool = False
    #: Where the key may be used from; anywhere if there are none.
    networks: tuple[Network, ...] = ()

    def may(self, permission: str) -> bool:
        """Return whether he may do what needs this permission."""
        return permission in self.permissions

    @property
    def caller(self) -> str:
        """Return what tells him from all others: names of keys may be alike, this is not."""
        return self.key_id or (f"user:{self.user_id}" if self.user_id else self.actor)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the roles of a person add up to."""

    permissions: frozenset[str]
    sees_all: bool
    projects: frozenset[str] = field(default=frozenset())


#: Everybody, while authentication is off.
ANYBODY = Principal("anonymous", EVERY, Sight(everything=True))
