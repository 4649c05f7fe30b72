"""The judgement: four views of what happened must agree, and nothing be lost or doubled."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.execution_state import COMPLETED, DEAD_LETTER, FAILED, FINAL

START, END = "START", "END"
#: How an attempt ends whose worker was taken from it.
_TAKEN = frozenset({"WORKER_LOST", "WORKER_SHUTDOWN"})
_POISON = "POISON"


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that a job wrote to the ledger."""

    what: str
    job: str
    execution: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An execution, as one view shows it."""

    id: str
    job: str
    status: str
    attempt: int
    code: str | None

    @property
    def was_taken(self) -> bool:
        """Whether its worker was taken from it."""
        return self.status == FAILED and self.code in _TAKEN


@dataclass(frozen=True, slots=True)
class Views:
    """All that is known when the load is over."""

    #: Names of jobs with their ``on_lost``: answered 201; and without an answer.
    accepted: Mapping[str, str]
    unsure: Mapping[str, str]
    ledger: Sequence[Mark]
    #: Executions and jobs (name and status) as the API lists them and as the tables hold them.
    api: Sequence[Seen]
    api_jobs: Sequence[tuple[str, str]]
    rows: Sequence[Seen]
    row_jobs: Sequence[tuple[str, str]]
    #: Executions ended by verdict, as /metrics says.
    ends: Mapping[str, float]


@dataclass(slots=True)
class Verdict:
    """What is wrong, each with a line that says what was found."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.unfinished or self.disagreements)

    def lines(self) -> Iterator[str]:
        """Yield all that is wrong."""
        yield from self.lost
        yield from self.doubled
        yield from self.unfinished
        yield from self.disagreements


def judge(views: Views) -> Verdict:
    """Judge a run that is over."""
    verdict = Verdict()
    attempts: dict[str, list[Seen]] = defaultdict(list)
    for row in sorted(views.rows, key=lambda seen: seen.attempt):
        attempts[row.job].append(row)
    marks = Counter((mark.what, mark.execution) for mark in views.ledger)
    for name, on_lost in views.accepted.items():
        verdict.lost += _lost(name, on_lost, attempts[name], marks)
    for name, on_lost in {**views.accepted, **views.unsure}.items():
        verdict.doubled += _doubled(name, on_lost, attempts[name])
    for (what, execution), count in marks.items():
        if count > 1:
            verdict.doubled.append(f"execution {execution}: {count} times {what} in the ledger")
    for row in views.rows:
        if row.status not in FINAL:
            verdict.unfinished.append(f"{row.job}: execution {row.id} is {row.status}")
    verdict.disagreements += _disagreements(views, marks)
    return verdict


def _lost(
    name: str, on_lost: str, attempts: list[Seen], marks: Counter[tuple[str, str]]
) -> Iterator[str]:
    """Yield why an accepted job did not come to the end that was promised to it.

    It ran to its end, or its last attempt was taken from it and it may not be repeated, or it
    took down so many workers that it was buried.
    """
    if not attempts:
        yield f"{name}: accepted, and there is no execution"
        return
    last = attempts[-1]
    if last.status == COMPLETED:
        if not marks[START, last.id]:
            yield f"{name}: completed, but it wrote nothing"
    elif last.status == DEAD_LETTER and last.code == _POISON:
        return
    elif not last.was_taken:
        yield f"{name}: ended {last.status} {last.code or ''}"
    elif on_lost == "retry":
        yield f"{name}: not repeated after attempt {last.attempt} was taken from it"


def _doubled(name: str, on_lost: str, attempts: list[Seen]) -> Iterator[str]:
    """Yield attempts that should not have been made."""
    if on_lost == "fail" and len(attempts) > 1:
        yield f"{name}: {len(attempts)} executions, though it may not be repeated"
    for one in attempts[:-1]:
        if not one.was_taken:
            yield f"{name}: repeated after attempt {one.attempt} ended {one.status} {one.code}"


def _disagreements(views: Views, marks: Counter[tuple[str, str]]) -> Iterator[str]:
    yield from _differences("executions", views.api, views.rows)
    yield from _differences("jobs", views.api_jobs, views.row_jobs)
    rows = {row.id: row for row in views.rows}
    for mark in views.ledger:
        row = rows.get(mark.execution)
        if row is None or row.job != mark.job:
            yield f"the ledger has {mark.what} {mark.job} {mark.execution}, of which no row knows"
    for row in views.rows:
        both = (marks[START, row.id], marks[END, row.id])
        if row.status == COMPLETED and both != (1, 1):
            yield f"{row.job}: execution {row.id} completed; {both} START and END in the ledger"
    known = {name for name, _ in views.row_jobs}
    for name in known - views.accepted.keys() - views.unsure.keys():
        yield f"{name}: nobody posted it"
    counted = Counter(row.status for row in views.rows)
    for status in sorted(FINAL):
        if counted[status] != views.ends.get(status, 0):
            ends = views.ends.get(status, 0)
            yield f"/metrics counts {ends:.0f} {status}, the rows are {counted[status]}"


def _differences(what: str, api: Sequence[object], rows: Sequence[object]) -> Iterator[str]:
    seen, held = Counter(api), Counter(rows)
    for one in list(((seen - held) + (held - seen)).keys())[:20]:
        yield f"{what}: {seen[one]} times in the API, {held[one]} times in the tables: {one}"
