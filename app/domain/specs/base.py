"""What all specs share: strict, frozen, bounded."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from app.domain.rules import Rules

MAX_TIMEOUT_SECONDS = 7 * 24 * 3600


class Spec(BaseModel):
    """The typed config of a job for one executor kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_max_length=1_048_576)

    kind: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    #: Seconds an attempt may take unless the job says otherwise; ``None`` for no limit.
    default_timeout_seconds: ClassVar[int | None] = None

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return the field and the sentence if the operator's rules speak against this config."""
        del rules
        return None

    def limit_seconds(self) -> float | None:
        """Return how long an attempt may take by this config; ``None`` for no limit."""
        given: float | None = getattr(self, "timeout", None)
        return given or self.default_timeout_seconds
