"""What all specs share: strict, frozen, bounded."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from app.domain.rules import Rules

MAX_TIMEOUT_SECONDS = 7 * 24 * 3600
#: What stands for a value that strangers may not see.
HIDDEN: Final = "***"


class Spec(BaseModel):
    """The typed config of a job for one executor kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_max_length=1_048_576)

    kind: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    #: Seconds an attempt may take unless the job says otherwise; ``None`` for no limit.
    default_timeout_seconds: ClassVar[int | None] = None
    #: Fields of a config whose values strangers may see, such as the receivers of webhooks. It is
    #: empty unless a spec says so: what nobody thought of is hidden.
    public: ClassVar[frozenset[str]] = frozenset()
    #: Fields that hold a web address; strangers see it without user name, query and fragment.
    public_addresses: ClassVar[frozenset[str]] = frozenset()
    #: Fields in which no variable is put in place of ``${NAME}``: what is written there is run.
    untouched: ClassVar[frozenset[str]] = frozenset()

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return the field and the sentence if the operator's rules speak against this config."""
        del rules
        return None

    def limit_seconds(self) -> float | None:
        """Return how long an attempt may take by this config; ``None`` for no limit."""
        given: float | None = getattr(self, "timeout", None)
        return given or self.default_timeout_seconds

    @classmethod
    def shown(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a config of this kind as strangers may see it: all names, the public values."""
        return {name: cls._shown(name, value) for name, value in config.items()}

    @classmethod
    def _shown(cls, name: str, value: object) -> object:
        if name in cls.public:
            return value
        if name in cls.public_addresses and isinstance(value, str):
            return _plain_address(value)
        return HIDDEN


def _plain_address(text: str) -> str:
    """Return an address without what may be secret in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return HIDDEN
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
