"""The due moments of jobs: those to come, and why one went as it did."""

from datetime import datetime

from pydantic import Field

from app.client.things import Thing


class Decision(Thing):
    """One decision behind an execution."""

    step: str
    text: str
    at: datetime | None = None


class Why(Thing):
    """Why an execution, or a moment of a job, went as it did."""

    execution_id: str | None = None
    status: str | None = None
    answer: str
    steps: list[Decision] = Field(default_factory=list)


class Coming(Thing):
    """A moment at which a job is due: in UTC, and as clocks in its zone will show it."""

    utc: datetime
    local: str
    blackout: str | None = None


class Transition(Thing):
    """A change of the clocks; ``words`` say in ``en`` and ``vi`` what becomes of a schedule."""

    at: datetime
    before: str
    after: str
    kind: str
    effect: str
    words: dict[str, str] = Field(default_factory=dict)


class Preview(Thing):
    """What a schedule would do; ``words`` are in ``en`` and ``vi``."""

    next: list[Coming]
    words: dict[str, str] = Field(default_factory=dict)
    transitions: list[Transition] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
