"""What the server answers about dead letters."""

from datetime import datetime

from app.client.things import Thing


class DeadLetterGroup(Thing):
    """Dead letters whose errors are alike, with the newest of them as an example."""

    fingerprint: str
    count: int
    first_at: datetime
    last_at: datetime
    execution_id: str
    job_id: str
    job_name: str
    error: str | None = None
    error_code: str | None = None


class DeadLetterStats(Thing):
    """How many dead letters wait, and how many executions failed or ran out of time."""

    dead: int
    failed: int
    timeout: int


class DeadLetterBatch(Thing):
    """What became of some dead letters; ``remaining`` are those that the filters still find."""

    done: int
    refused: int = 0
    remaining: int
    executions: list[str] = []
    refusals: list[dict[str, str]] = []
