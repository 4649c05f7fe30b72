"""Retries: whether a failed attempt is followed by another, and after how long."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

YEAR_SECONDS: Final = 31_536_000.0
#: A target that asks for more patience than this does not get it.
LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0
_DEFAULT_CAP_SECONDS: Final = 300.0

Kind = Literal["exit_code", "error", "timeout"]
Fate = Literal["stay", "retry", "bury"]
Seconds = Annotated[float, Field(ge=0.1, le=YEAR_SECONDS)]

#: The rhythms of other systems, by their names.
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "taskflow": {
            "max_retries": 3,
            "strategy": "fixed",
            "base_seconds": 60.0,
            "jitter": 0.0,
            "retry_on": ["exit_code"],
        },
        "claude-jobs": {
            "max_retries": 4,
            "strategy": "exponential",
            "base_seconds": 1.0,
            "factor": 2.0,
            "cap_seconds": 300.0,
            "jitter": 0.0,
            "retry_on": ["exit_code", "error", "timeout"],
        },
        "enterprise": {
            "max_retries": 10,
            "strategy": "list",
            "delays": [5.0, 15.0, 60.0, 300.0, 1800.0],
            "jitter": 0.1,
            "retry_on": ["exit_code", "error", "timeout"],
        },
    }
)

#: The work itself ran and said that it failed.
_EXIT_CODES: Final = frozenset(
    {"CALLABLE_RAISED", "EXIT_CODE", "KILLED_BY_SIGNAL", "OUT_OF_MEMORY"}
)
#: Another attempt would meet the same refusal; a person has to change something.
PERMANENT: Final = frozenset(
    {
        "ARGUMENTS_TOO_LONG",
        "CALLABLE_NOT_ALLOWED",
        "CALLABLE_NOT_FOUND",
        "CLAUDE_MISSING",
        "CONFIG_INVALID",
        "CONTAINER_REFUSED",
        "IMAGE_NOT_FOUND",
        "IMAGE_PULL_DENIED",
        "INTERPRETER_NOT_EXECUTABLE",
        "INTERPRETER_NOT_FOUND",
        "INVALID_PARAMETERS",
        "OPTION_NOT_ALLOWED",
        "REDIRECT_REFUSED",
        "RESULT_NOT_JSON",
        "RUN_AS_NOT_PERMITTED",
        "SCRIPT_NOT_FOUND",
        "SCRIPT_NOT_READABLE",
        "TARGET_NOT_ALLOWED",
        "TOO_MANY_REDIRECTS",
        "UNKNOWN_TYPE",
        "UNKNOWN_USER",
        "URL_NOT_ALLOWED",
        "VARIABLE_MISSING",
        "VARIABLE_UNREADABLE",
        "WORKING_DIR_MISSING",
    }
)
#: What became of the worker, not of the work: ``on_lost`` alone judges these.
OF_THE_WORKER: Final = frozenset({"FENCED", "POISON", "WORKER_LOST", "WORKER_SHUTDOWN"})


class RetryPolicy(BaseModel):
    """How often, when and after what a job is tried again.

    ``preset`` names where the values come from that were not given themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    preset: Literal["taskflow", "claude-jobs", "enterprise"] | None = None
    max_retries: int = Field(3, ge=0, le=1000)
    strategy: Literal["fixed", "exponential", "list"] = "exponential"
    base_seconds: Seconds = 10.0
    factor: float = Field(2.0, ge=1, le=100)
    cap_seconds: Seconds | None = None
    delays: list[Seconds] = Field([], max_length=1000)
    #: The share of a delay that may be added to it. All of it by default: what fails together
    #: shall not come back together.
    jitter: float = Field(1.0, ge=0, le=1)
    retry_on: list[Kind] = Field(["exit_code", "error"], min_length=1, max_length=3)

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, given: Any) -> Any:
        name = given.get("preset") if isinstance(given, dict) else None
        return {**PRESETS[name], **given} if isinstance(name, str) and name in PRESETS else given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.strategy == "list" and not self.delays:
            raise ValueError("delays: the strategy list needs at least one delay")
        if self.strategy != "list" and self.delays:
            raise ValueError("delays: only the strategy list takes delays")
        if self.strategy != "list" and self.base_seconds > self.cap:
            raise ValueError("cap_seconds: must not be below base_seconds")
        return self

    @property
    def cap(self) -> float:
        """The longest delay in seconds, before the jitter."""
        if self.cap_seconds is not None:
            return self.cap_seconds
        if self.strategy == "list":
            return max(self.delays, default=_DEFAULT_CAP_SECONDS)
        return max(self.base_seconds, _DEFAULT_CAP_SECONDS)

    def stored(self) -> dict[str, Any]:
        """Return the policy with every value that it stands for."""
        found = self.model_dump(exclude_none=True)
        return found | {"cap_seconds": self.cap, "retry_on": sorted({*self.retry_on})}


def read_policy(given: object) -> RetryPolicy | None:
    """Return the policy that an object or the name of a preset stands for; ``None`` for none.

    Raises :class:`pydantic.ValidationError`.
    """
    if given is None:
        return None
    policy = RetryPolicy.model_validate({"preset": given} if isinstance(given, str) else given)
    return policy if policy.max_retries else None


def delay_for(policy: RetryPolicy, retry: int, seed: str, at_least: float = 0.0) -> float:
    """Return the seconds before the n-th retry, counted from 1; the same for the same seed.

    ``at_least`` is what the target asked for; it counts up to an hour. The jitter comes on top of
    it, so that those who were told the same do not come back together.
    """
    plain = min(_plain(policy, retry), policy.cap)
    spread = plain * policy.jitter * _share(seed)
    asked = min(max(at_least, 0.0), LONGEST_RETRY_AFTER_SECONDS)
    return min(max(plain, asked) + spread, YEAR_SECONDS)


def _plain(policy: RetryPolicy, retry: int) -> float:
    if policy.strategy == "list":
        return policy.delays[min(retry, len(policy.delays)) - 1]
    if policy.strategy == "fixed":
        return policy.base_seconds
    try:
        return policy.base_seconds * policy.factor ** (retry - 1)
    except OverflowError:
        return policy.cap


def _share(seed: str) -> float:
    """Return a number from 0 up to 1: one seed keeps its place, so that its delays only grow."""
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=6).digest()) / 2**48


def fate(
    policy: RetryPolicy, retries: int, verdict: str, error_code: str | None, *, is_permanent: bool
) -> Fate:
    """Return what becomes of an attempt that ended like this after so many retries."""
    kind = kind_of(verdict, error_code)
    if kind is None or is_permanent or kind not in policy.retry_on or not policy.max_retries:
        return "stay"
    return "retry" if retries < policy.max_retries else "bury"


def kind_of(verdict: str, error_code: str | None) -> Kind | None:
    """Return what a policy calls such an end; ``None`` for one that no retry could mend."""
    if verdict == "timeout":
        return "timeout"
    code = error_code or ""
    if verdict != "failed" or code in PERMANENT or code in OF_THE_WORKER:
        return None
    return "exit_code" if code in _EXIT_CODES else "error"
