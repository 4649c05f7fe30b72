"""With a million jobs and executions: P-12 pages of lists, P-13 totals and figures, over HTTP."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import sqlalchemy as sa

from app import db
from bench import browsing, history, web
from bench.figures import Bench
from bench.history import Labels
from bench.list_queries import every
from bench.product import Product
from bench.stage import Stage, say
from bench.table import Row, median, percentile
from bench.web import Client

_DEPTH = 500_000
_ID = re.compile("[0-9a-f]{32}")
_COUNTED = (
    "/api/system/status",
    "/api/overview",
    "/api/jobs?limit=1",
    "/api/executions?limit=1&include=all",
)
#: Of the palette: many fit, few, one, none; a number; a beginning that no index of parts serves.
_LOOKED_FOR = ("nightly", "report 1234", "import 777777", "zzzz", "#1", "ma")


@dataclass
class _Found:
    """Seconds that pages of one query took: the first page, and pages deep in the list."""

    query: str
    first: list[float] = field(default_factory=list)
    deep: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How much longer a deep page takes; 1 for a list that has none."""
        return median(self.deep) / median(self.first) if self.deep else 1.0

    def __str__(self) -> str:
        deep = f", deep {median(self.deep) * 1000:.1f}" if self.deep else ""
        return f"{median(self.first) * 1000:.1f}{deep} ms: {self.query}"


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures that are wanted, on one database."""
    count = bench.size(1_000_000, 50_000)
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start("broker", "api")
        web.wait_for(product.settings.port, "/health/live")
        labels = _labels(Client(product.settings.port))
        began = time.monotonic()
        job_id = history.fill(count, labels)
        say(f"  {count:,} jobs with executions inserted in {time.monotonic() - began:.0f} s")
        client = Client(product.settings.port)  # the one before has been silent for too long
        if bench.wants("P-13"):
            yield from _totals(bench, client)
        if bench.wants("P-12"):
            for path, queries in every(labels, job_id).items():
                found = [_pages(bench, client, path, query) for query in queries]
                yield from _rows(bench, path.rpartition("/")[2], found)
            yield from browsing.rows(bench, product.settings.port)


def _labels(client: Client) -> Labels:
    projects = [client.post("/api/projects", {"name": n})["data"]["id"] for n in ("many", "few")]
    tags = [client.post("/api/tags", {"name": n})["data"]["id"] for n in ("many", "few")]
    return Labels(projects[0], projects[1], tags[0], tags[1])


def _pages(bench: Bench, client: Client, path: str, query: str) -> _Found:
    found = _Found(query)
    address = f"{path}?{query}"
    cursor = _deep_cursor(client, address)
    for turn in range(bench.size(20, 6)):
        found.first += _timed(client, address)[:1] if turn else []
        if cursor:
            seconds, cursor = _page(client, f"{address}&cursor={quote(cursor)}")
            found.deep += [seconds] if turn else []
    say(f"  {path} {found}")
    return found


def _timed(client: Client, address: str) -> list[float]:
    return [_page(client, address)[0]]


def _page(client: Client, address: str) -> tuple[float, str | None]:
    began = time.perf_counter()
    status, body = client.send(web.build("GET", address))
    seconds = time.perf_counter() - began
    assert status == 200, body[:500]
    return seconds, _cursor_in(body)


def _cursor_in(body: bytes) -> str | None:
    """Return the cursor of the next page without decoding the whole answer."""
    text = body.rpartition(b'"next_cursor":')[2].lstrip()
    return text.split(b'"')[1].decode() if text.startswith(b'"') else None


def _deep_cursor(client: Client, address: str) -> str | None:
    """Return a cursor as deep in a list as it reaches, up to half a million rows."""
    depth = _DEPTH
    while depth >= 100:
        _, cursor = _page(client, f"{address}&offset={depth}")
        if cursor:
            return cursor
        depth //= 2
    return None


def _rows(bench: Bench, what: str, found: list[_Found]) -> Iterator[Row]:
    first = [seconds for one in found for seconds in one.first]
    pages = first + [seconds for one in found for seconds in one.deep]
    slowest = max(found, key=lambda one: percentile(one.first + one.deep, 50))
    say(f"  slowest: {slowest}")
    for percent, floor, goal in ((50, 10, 5), (99, 50, 20)):
        ours, rival = (percentile(values, percent) * 1000 for values in (pages, first))
        text = f"list of {what}, {len(found)} queries, any depth, p{percent}"
        yield Row("P-12", text, bench.database, ours, "ms", floor, goal, rival)
    deep = [one.ratio for one in found if one.deep]
    worst = max((one for one in found if one.deep), key=lambda one: one.ratio)
    query = _ID.sub("…", worst.query)
    text = f"list of {what}: deep page to first page (worst {worst.ratio:.1f}: {query})"
    yield Row("P-12", text, bench.database, median(deep), "x", 1.5, 1.5)


def _totals(bench: Bench, client: Client) -> Iterator[Row]:
    times = bench.size(100, 20)
    counting = _seconds(_count_all, bench.size(5, 3))
    asked = (*_COUNTED, *(f"/api/search?q={quote(text)}" for text in _LOOKED_FOR))
    found = {path: _seconds(lambda: _page(client, path), times) for path in asked}  # noqa: B023
    counting += _seconds(_count_all, bench.size(5, 3))
    for path, seconds in found.items():
        ours, rival = median(seconds) * 1000, median(counting) * 1000
        text = f"GET {path} (beside: count(*))"
        yield Row("P-13", text, bench.database, ours, "ms", 10, 2, rival)


def _seconds(do: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return found


def _count_all() -> None:
    with db.reading() as session:
        session.scalar(sa.text("SELECT count(*) FROM executions"))
