"""Jobs: what to run, and when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from app.client import bulk, lists
from app.client.bulk import BulkStep, BulkTrial
from app.client.connection import Connection, new_key
from app.client.moments import Coming, JobStats, Revision, Tried, Why
from app.client.synced import Synced
from app.client.things import Bulk, Job, Page, Started
from app.client.usage import JobMetrics
from app.client.wishes import JobEdit, JobQuery, NewJob, PageQuery

_PATH = "/api/jobs"


class Parameters(TypedDict, total=False):
    """What a single start is given; all of it is for this execution and its retries only."""

    env: dict[str, str]
    args: Sequence[str]
    body: str
    #: From 1 to 10, in place of the job's.
    priority: int
    #: Whether it runs beside what is in progress, whatever the job says.
    skip_overlap: bool


class Jobs:
    """``client.jobs``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[JobQuery]) -> Page[Job]:
        """Return a page of jobs."""
        return lists.page(self._connection, _PATH, query, Job)

    def walk(self, **query: Unpack[JobQuery]) -> Iterator[Job]:
        """Yield all jobs that the filters let through, page by page."""
        return lists.walk(self.list, query)

    def named(self, name: str) -> Iterator[Job]:
        """Yield the jobs with exactly this name."""
        return (job for job in self.walk(search=name, limit=1000) if job.name == name)

    def create(self, *, idempotency_key: str | None = None, **fields: Unpack[NewJob]) -> Job:
        """Make a job. Sent twice with the same ``idempotency_key``, it is made once."""
        return self.create_from(fields, idempotency_key=idempotency_key)

    def create_from(
        self, definition: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Job:
        """Make a job of its definition as a map, such as one read from a file."""
        key = idempotency_key or new_key()
        return Job.read(self._connection.post(_PATH, definition, key=key)["data"])

    def create_many(
        self, jobs: Iterable[NewJob | Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> Bulk:
        """Make up to 10,000 jobs; each succeeds or fails by itself."""
        key = idempotency_key or new_key()
        return Bulk.read(self._connection.post(f"{_PATH}/bulk", [*jobs], key=key))

    def try_all(self, act: str, filters: Mapping[str, Any], **given: Any) -> BulkTrial:
        """Tell what doing it to all that the filters let through would come to; do nothing."""
        return bulk.try_all(self._connection, f"{_PATH}/bulk/{act}", filters, given)

    def do_all(self, act: str, filters: Mapping[str, Any], **given: Any) -> Iterator[BulkStep]:
        """Do the same to all jobs that the filters let through, some at a time.

        ``act`` is run, pause, resume, edit, cancel or delete; ``created_before`` of a trial
        bounds what is meant. It goes on only as far as what it yields is taken.
        """
        return bulk.do_all(self._connection, f"{_PATH}/bulk/{act}", filters, given)

    def sync(
        self,
        jobs: Iterable[Mapping[str, Any]],
        source: str,
        *,
        prune: bool = False,
        dry_run: bool = False,
    ) -> Synced:
        """Make and change jobs to be as these definitions, matched by ``external_id``.

        With ``prune`` those of the same source that are not listed are deleted; with ``dry_run``
        nothing is changed. A job that is paused stays paused.
        """
        body = {"jobs": [*jobs], "source": source, "prune": prune, "dry_run": dry_run}
        answer = self._connection.post(f"{_PATH}/sync", body, key=new_key())
        return Synced.read(answer["data"])

    def get(self, job_id: str) -> Job:
        """Return a job."""
        return Job.read(self._connection.get(f"{_PATH}/{job_id}")["data"])

    def update(self, job_id: str, *, version: int | None = None, **fields: Unpack[JobEdit]) -> Job:
        """Change a job; with ``version`` only if it is still at that one."""
        path = f"{_PATH}/{job_id}"
        return Job.read(self._connection.patch(path, fields, version=version)["data"])

    def delete(self, job_id: str) -> None:
        """Delete a job with its executions."""
        self._connection.delete(f"{_PATH}/{job_id}")

    def clone(self, job_id: str, scheduled_at: str | None = "now", name: str | None = None) -> Job:
        """Make a job like another one; with no ``scheduled_at`` it has the same schedule."""
        given = {"scheduled_at": scheduled_at, "name": name}
        wish = {key: value for key, value in given.items() if value is not None}
        path = f"{_PATH}/{job_id}/clone"
        return Job.read(self._connection.post(path, wish, key=new_key())["data"])

    def revisions(self, job_id: str, **query: Unpack[PageQuery]) -> Page[Revision]:
        """Return what the edits made of a job, the newest first."""
        return lists.page(self._connection, f"{_PATH}/{job_id}/revisions", query, Revision)

    def revision(self, job_id: str, version: int) -> Revision:
        """Return a job as it was at a revision."""
        path = f"{_PATH}/{job_id}/revisions/{version}"
        return Revision.read(self._connection.get(path)["data"])

    def restore(self, job_id: str, version: int) -> Job:
        """Make a job what it was at a revision; that is a new one."""
        path = f"{_PATH}/{job_id}/revisions/{version}/restore"
        return Job.read(self._connection.post(path)["data"])

    def try_out(self, definition: Mapping[str, Any]) -> Tried:
        """Run once what a job is to do, before it is made; it is forgotten after a day.

        ``type`` and ``config``, and ``name``, ``project_id``, ``queue``, ``priority`` and
        ``timeout_seconds`` if they matter.
        """
        answer = self._connection.post(f"{_PATH}/try", definition, key=new_key())
        return Tried.read(answer["data"])

    def execute(
        self, job_id: str, *, wait: int | None = None, **parameters: Unpack[Parameters]
    ) -> Started:
        """Start a job now; with ``wait`` the server answers at its end, or after these seconds.

        At most 300 seconds; :meth:`Executions.wait` waits longer.
        """
        body = dict(parameters) | ({"wait": wait} if wait else {})
        path = f"{_PATH}/{job_id}/execute"
        answer = self._connection.post(path, body, key=new_key(), patience=wait or 0)
        return Started.read(answer["data"])

    def pause(self, job_id: str, *, reason: str | None = None, until: str | None = None) -> Job:
        """Pause a job, for good or until a moment: only starts by hand begin."""
        given = {"reason": reason, "until": until}
        wish = {key: value for key, value in given.items() if value is not None}
        return Job.read(self._connection.post(f"{_PATH}/{job_id}/pause", wish)["data"])

    def resume(self, job_id: str, *, missed: str | None = None) -> Job:
        """Let a paused job go on. ``missed`` (skip, latest, all): what makes up for moments."""
        wish = {"missed": missed} if missed is not None else {}
        return Job.read(self._connection.post(f"{_PATH}/{job_id}/resume", wish)["data"])

    def start(self, job_id: str) -> str:
        """Put a job to work that waits to be started, was stopped or ended; return its status."""
        answer = self._connection.post(f"{_PATH}/{job_id}/start", {}, key=new_key())
        return str(answer["data"]["status"])

    def stop(self, job_id: str, *, force: bool = False) -> None:
        """Stop a job: its schedule, what waits and what runs."""
        self._connection.post(f"{_PATH}/{job_id}/stop", {"force": force})

    def reschedule(self, job_id: str, scheduled_at: str) -> Job:
        """Move a job that runs once to another moment."""
        wish = {"scheduled_at": scheduled_at}
        return Job.read(self._connection.post(f"{_PATH}/{job_id}/reschedule", wish)["data"])

    def next_moments(self, job_id: str, count: int = 10) -> Sequence[Coming]:
        """Return when a job is due next, the earliest first."""
        answer = self._connection.get(f"{_PATH}/{job_id}/next", {"count": count})
        return [Coming.read(one) for one in answer["data"]]

    def why(self, job_id: str, at: str | None = None) -> Why:
        """Return why a job ran at a moment (by default now), or did not."""
        query = {"at": at} if at is not None else {}
        return Why.read(self._connection.get(f"{_PATH}/{job_id}/why", query)["data"])

    def stats(self, job_id: str, days: int = 30) -> JobStats:
        """Return how a job's due moments of the last days (at most 400) ended."""
        answer = self._connection.get(f"{_PATH}/{job_id}/stats", {"days": days})
        return JobStats.read(answer["data"])

    def metrics(self, job_id: str, days: int = 30, bucket: str = "day") -> JobMetrics:
        """Return what a job took and used in the last days (at most 90), by day or hour."""
        query = {"days": days, "bucket": bucket}
        return JobMetrics.read(self._connection.get(f"{_PATH}/{job_id}/metrics", query)["data"])

    def cancel(self, job_id: str, *, force: bool = False) -> None:
        """Cancel a job: at once if it waits, else by ending what runs."""
        self._connection.post(f"{_PATH}/{job_id}/cancel", {"force": force})
