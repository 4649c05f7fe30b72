"""What is kept of an attempt that has ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What is kept of an attempt that has ended."""

    verdict: str
    duration_ms: int
    #: Between the claim, which may take several rows at once, and the start of this one.
    waited_ms: int = 0
    exit_code: int | None = None
    error: str | None = None
    error_code: str | None = None
    output_tail: str | None = None
    output_truncated: bool = False
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    #: By the samples, of what lived long enough to have any.
    max_cpu_percent: float | None = None
    mean_rss_bytes: int | None = None
    #: How long the target asked to be left alone, and whether it would refuse again for good.
    retry_after_seconds: float = 0.0
    is_permanent: bool = False
