"""A million jobs with a past: of many states, projects and tags, as after months of use."""

# ruff: noqa: S608 - all words in the statements are our own

from dataclasses import dataclass

import sqlalchemy as sa

from app import db
from app.domain.ids import new_id
from bench.fill import FALSE, ID, NOW, SOURCE

#: Over so many days the past is spread; the future as far again.
_DAYS = 60


@dataclass(frozen=True, slots=True)
class Labels:
    """Ids of two projects and two tags that exist: of each one that many have, and one that few."""

    common_project: str
    rare_project: str
    common_tag: str
    rare_tag: str


def fill(count: int, labels: Labels) -> str:
    """Insert so many jobs, each with an execution; return the id of a job of the middle."""
    head = new_id()[:12]
    with db.transaction() as session:
        dialect = session.get_bind().dialect.name
        names = {"count": count, "common": labels.common_project, "rare": labels.rare_project}
        if dialect == "sqlite":  # with little room each page of an index is written many times
            session.execute(sa.text("PRAGMA cache_size = -2000000"))
        if dialect == "postgresql":
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
            for table in ("jobs", "executions"):
                session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in (_jobs(dialect, head), _executions(dialect, head)):
            session.execute(sa.text(statement), names)
        for tag, each in ((labels.common_tag, 3), (labels.rare_tag, 2000)):
            session.execute(
                sa.text(
                    "INSERT INTO job_tags (job_id, tag_id)"
                    f" {SOURCE[dialect]} SELECT {ID[dialect].format(head)}, :tag FROM n"
                    " WHERE i % :each = 1"
                ),
                {"count": count, "tag": tag, "each": each},
            )
        if dialect == "postgresql":
            _count_for_the_triggers(session.connection())
    if dialect == "postgresql":
        _vacuum()
    return f"{head}{count // 2:020x}"


def _vacuum() -> None:
    """Leave the tables as they are after months, not as in the minute after a million rows.

    Until PostgreSQL's first vacuum, a minute later, no index answers without its table.
    """
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("VACUUM ANALYZE"))
        connection.execute(sa.text("RESET statement_timeout"))


_STATUS = (
    "CASE WHEN i % 100 < 70 THEN 'completed' WHEN i % 100 < 76 THEN 'failed'"
    " WHEN i % 100 < 80 THEN 'cancelled' ELSE 'scheduled' END"
)
_ENDED = (
    "CASE WHEN i % 100 < 70 THEN 'completed' WHEN i % 100 < 74 THEN 'failed'"
    " WHEN i % 100 < 75 THEN 'timeout' WHEN i % 100 < 76 THEN 'dead_letter'"
    " WHEN i % 100 < 80 THEN 'cancelled' ELSE 'scheduled' END"
)
_RESULT = (
    "CASE WHEN i % 100 < 70 THEN 'completed' WHEN i % 100 < 76 THEN 'failed'"
    " WHEN i % 100 < 80 THEN 'cancelled' END"
)
_QUEUE = "CASE WHEN i % 1000 = 5 THEN 'bulk' ELSE 'default' END"
_WORKER = "CASE WHEN i % 3000 = 1 THEN 'host-2' ELSE 'host-1' END"
_CODE = (
    "CASE WHEN i % 100 IN (70, 71, 72, 73, 75) THEN 'EXIT_CODE'"
    " WHEN i % 100 = 74 THEN 'TIMEOUT' END"
)
_PROJECT = "CASE WHEN i % 3 = 0 THEN :common WHEN i % 2000 = 1 THEN :rare ELSE 'default' END"
_ORIGIN = "CASE WHEN i % 50 = 0 THEN 'manual' WHEN i % 2 = 0 THEN 'api' ELSE 'schedule' END"
_PRIORITY = "1 + (i / 10) % 10"
#: As the product writes it where nobody signs in; a few have somebody.
_OWNER = "CASE WHEN i % 1000 = 3 THEN 'user:bench' ELSE 'anonymous' END"
_WORD = "CASE i % 4 WHEN 0 THEN 'nightly' WHEN 1 THEN 'import' WHEN 2 THEN 'report' ELSE 'mail' END"
#: Seconds from now: those that have run lie in the past, in no order of their ids.
_SPAN = _DAYS * 86400
_OFFSET = (
    f"CASE WHEN i % 100 < 80 THEN -((i * 7919) % {_SPAN}) - 60 ELSE (i * 7919) % {_SPAN} + 60 END"
)


def _moment(dialect: str, seconds: str) -> str:
    if dialect == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%f', 'now', ({seconds}) || ' seconds')"
    return f"now() + ({seconds}) * interval '1 second'"


def _jobs(dialect: str, head: str) -> str:
    later, made, yes = _moment(dialect, _OFFSET), NOW[dialect], "i % 500 <> 7"
    born = _moment(dialect, f"-((i * 104729) % {_SPAN}) - {_SPAN}")
    return (
        "INSERT INTO jobs (id, name, type, config, scheduled_at, priority, project_id, timezone,"
        " status, enabled, queue, on_lost, overlap, version, last_number, created_at, updated_at,"
        " last_result, last_ended_at, created_by)"
        f" {SOURCE[dialect]} SELECT {ID[dialect].format(head)}, {_WORD} || ' ' || i,"
        " CASE WHEN i % 10 = 0 THEN 'http' ELSE 'shell' END,"
        """ CASE WHEN i % 10 = 0 THEN '{"url"\\:"http\\://localhost/"}' ELSE"""
        """ '{"script"\\:"true"}' END,"""
        f" {later}, {_PRIORITY}, {_PROJECT}, 'UTC', {_STATUS}, {yes}, {_QUEUE}, 'fail', 'skip',"
        f" 1, 1, {born}, {made}, {_RESULT}, CASE WHEN i % 100 < 80 THEN {later} END, {_OWNER}"
        " FROM n"
    )


def _executions(dialect: str, head: str) -> str:
    own, no, moment = ID[dialect].format(head), FALSE[dialect], _moment(dialect, _OFFSET)
    took = "(i * 31) % 50000"
    end = _moment(dialect, f"{_OFFSET} + ({took}) / 1000.0")
    has_run = "i % 100 < 78"  # some are cancelled before their start
    born = _moment(dialect, f"-((i * 104729) % {_SPAN}) - {_SPAN}")
    return (
        "INSERT INTO executions (id, root_execution_id, job_id, project_id, number, status,"
        " attempt, origin, on_lost, deaths, exclusive_key, queue, priority, due_at, run_at,"
        " started_at, completed_at, duration_ms, lateness_ms, exit_code, worker, output_tail,"
        " output_truncated, generation, epoch, cancel_forced, error_code, created_at)"
        f" {SOURCE[dialect]} SELECT {own}, {own}, {own}, {_PROJECT}, 1, {_ENDED}, 1, {_ORIGIN},"
        f" 'fail', 0, {own}, {_QUEUE}, {_PRIORITY}, {moment}, {moment},"
        f" CASE WHEN {has_run} THEN {moment} END, CASE WHEN {has_run} THEN {end} END,"
        f" CASE WHEN {has_run} THEN {took} END, CASE WHEN {has_run} THEN i % 20 END,"
        f" CASE WHEN {has_run} THEN CASE WHEN i % 100 < 70 THEN 0 ELSE 1 END END,"
        f" CASE WHEN {has_run} THEN {_WORKER} END, CASE WHEN {has_run} THEN 'line ' || i END,"
        f" {no}, 1, 1, {no}, {_CODE}, {born} FROM n"
    )


def _count_for_the_triggers(connection: sa.Connection) -> None:
    """Do at once what the triggers that count rows would do row by row."""
    for table in ("jobs", "executions"):
        connection.execute(
            sa.text(
                "INSERT INTO tallies (family, key, stripe, value)"
                f" SELECT '{table}', project_id || ':' || status, 'bench', count(*) FROM {table}"
                " GROUP BY 2"
            )
        )
        connection.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
