"""Webhooks with real processes: receivers that die, and workers that do."""

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain import signing
from tests.end_to_end.product import Product, running, until
from tests.support.http_target import Exchange, HttpTarget, answer, hangs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENDS = "job.completed,job.failed"


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    """A receiver on this machine."""
    with HttpTarget() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """The product, whose receivers have little time to answer."""
    is_other = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgresql") if is_other else ""
    folder = tmp_path / "product"
    with running(folder, DATABASE_URL=url, WEBHOOK_TIMEOUT_SECONDS="3") as product:
        yield product


def _subscribe(product: Product, url: str, events: str = ENDS) -> str:
    body = {"name": "w", "url": url, "events": events, "secret": SECRET}
    status, made = product.ask("POST", "/api/webhooks", body)
    assert status == 201, made
    time.sleep(1.1)  # all processes know of it after a second
    return str(made["data"]["id"])


def _deliveries(product: Product, webhook: str, **query: Any) -> list[dict[str, Any]]:
    words = "&".join(f"{name}={value}" for name, value in ({"limit": 1000} | query).items())
    _, found = product.ask("GET", f"/api/webhooks/{webhook}/deliveries?{words}")
    rows: list[dict[str, Any]] = found["data"][::-1]
    return rows


def _all_delivered(product: Product, webhook: str, count: int) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return len(_deliveries(product, webhook, status="success")) == count
    return False


def test_what_happens_to_a_job_reaches_the_receiver_signed(
    started: Product, target: HttpTarget, figure: Any
) -> None:
    url = target.serve(answer())
    webhook = _subscribe(started, url, "job.created,job.started,job.completed,job.failed")
    job = started.create("echo hush; exit 3")
    began = time.monotonic()
    until(lambda: _all_delivered(started, webhook, 3), 30, "three deliveries")
    figure(f"webhooks: three events of a job delivered after {time.monotonic() - began:.2f} s")
    told = {seen.headers["x-oneoff-event"]: json.loads(seen.body) for seen in target.seen}
    assert told.keys() == {"job.created", "job.started", "job.failed"}
    failed = told["job.failed"]["data"]
    assert (failed["job"]["id"], failed["execution"]["exit_code"]) == (job["id"], 3)
    assert json.loads(failed["job"]["config"])["script"] == "***"
    assert all(b"hush" not in seen.body for seen in target.seen)
    for seen in target.seen:
        headers = tuple(seen.headers[f"webhook-{n}"] for n in ("id", "timestamp", "signature"))
        assert signing.verify([SECRET], headers, seen.body, time.time()) == "valid"  # type: ignore[arg-type]


def test_a_receiver_that_is_down_for_a_while_loses_nothing_and_delays_nobody(
    started: Product, target: HttpTarget
) -> None:
    dead = _subscribe(started, target.serve(answer(503), "/dead"))
    hung = _subscribe(started, target.serve(hangs(60), "/hung"))
    alive = _subscribe(started, target.serve(answer(), "/alive"))
    for _ in range(10):
        started.ended(started.create("true")["id"])
    until(lambda: _all_delivered(started, alive, 10), 20, "the others get theirs")
    assert not _all_delivered(started, dead, 1)
    target.serve(answer(), "/dead")
    until(lambda: _all_delivered(started, dead, 10), 90, "all that waited is delivered")
    rows = _deliveries(started, dead)
    assert [row["sequence"] for row in rows] == [*range(1, 11)]
    taken = {seen.headers["webhook-id"] for seen in target.seen if seen.target == "/dead"}
    assert taken == {row["id"] for row in rows}
    assert {row["status"] for row in _deliveries(started, hung)} == {"pending"}


def test_workers_killed_between_sending_and_recording_send_again_under_the_same_id(
    started: Product, target: HttpTarget
) -> None:
    def take_and_linger(exchange: Exchange) -> None:
        exchange.pause(2)
        answer()(exchange)

    webhook = _subscribe(started, target.serve(take_and_linger, "/hook"))
    started.create("true")
    until(lambda: target.seen, 20, "the delivery is sent")
    started.kill("auxiliary")
    target.serve(answer(), "/hook")
    until(lambda: _all_delivered(started, webhook, 1), 60, "it is delivered all the same")
    (row,) = _deliveries(started, webhook)
    assert {seen.headers["webhook-id"] for seen in target.seen} == {row["id"]}
    assert len(target.seen) >= 2
    assert len({seen.body for seen in target.seen}) == 1


def test_deliveries_survive_a_restart_of_everything(started: Product, target: HttpTarget) -> None:
    webhook = _subscribe(started, target.serve(answer(500), "/hook"))
    started.ended(started.create("true")["id"])
    until(lambda: target.seen, 20, "a first try")
    started.stop()
    target.serve(answer(), "/hook")
    started.start()
    until(lambda: _all_delivered(started, webhook, 1), 60, "it is delivered after the restart")
    ids = {seen.headers["webhook-id"] for seen in target.seen}
    assert ids == {_deliveries(started, webhook)[0]["id"]}
