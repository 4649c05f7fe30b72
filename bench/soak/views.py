"""Taking the four views: the ledger file, the API, the tables, /metrics."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from app import db
from app.models import Execution, Job
from bench import web
from bench.soak.judge import Mark, Seen, Views
from bench.soak.load import Load
from bench.web import Client

_PAGE = 1000


def take(load: Load) -> Views:
    """Return all views of a run whose load is over."""
    client = Client(load.port)
    try:
        return Views(
            accepted=load.accepted,
            unsure=load.unsure,
            ledger=_ledger(load.ledger),
            api=[_seen(item) for item in _walk(client, "/api/executions?include=all")],
            api_jobs=[(item["name"], item["status"]) for item in _walk(client, "/api/jobs?")],
            rows=_rows(),
            row_jobs=_row_jobs(),
            ends=_ends(client),
        )
    finally:
        client.close()


def _ledger(path: Path) -> list[Mark]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [Mark(*line.split(" ")) for line in lines]


def _walk(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """Yield a whole list, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        at = f"&cursor={quote(cursor)}" if cursor else ""
        page = client.get(f"{path}&limit={_PAGE}{at}")
        yield from page["data"]
        cursor = page["next_cursor"]


def _seen(item: dict[str, Any]) -> Seen:
    return Seen(
        item["id"], item["job_name"], item["status"], item["attempt"], item.get("error_code")
    )


def _rows() -> list[Seen]:
    query = sa.select(
        Execution.id, Job.name, Execution.status, Execution.attempt, Execution.error_code
    ).join(Job, Job.id == Execution.job_id)
    with db.reading() as session:
        return [Seen(*row) for row in session.execute(query).tuples()]


def _row_jobs() -> list[tuple[str, str]]:
    with db.reading() as session:
        return list(session.execute(sa.select(Job.name, Job.status)).tuples())


def _ends(client: Client) -> Mapping[str, float]:
    status, text = client.send(web.build("GET", "/metrics"))
    assert status == 200, text
    found: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            if sample.name == "oneoff_executions_total":
                found[sample.labels["status"]] += sample.value
    return found


def judged_after(faults: list[float]) -> list[float]:
    """Return how long after the fault before it each execution was judged that lost its worker."""
    query = sa.select(Execution.completed_at).where(Execution.error_code == "WORKER_LOST")
    with db.reading() as session:
        ends = [moment.timestamp() for moment in session.scalars(query) if moment is not None]
    found = []
    for end in ends:
        earlier = [moment for moment in faults if moment <= end]
        found += [end - max(earlier)] if earlier else []
    return found
