"""Jobs that fail are tried again by real processes, and buried when that is in vain."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Ledger, Product, running, until
from tests.support.http_target import HttpTarget, answer, in_turn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SOON = {"base_seconds": 0.2, "cap_seconds": 0.2}


def _statuses(product: Product, job: Any) -> list[str]:
    return [row["status"] for row in product.executions(job["id"])]


def _failing_until(ledger: Ledger, attempt: int) -> str:
    """Return a script that fails before this attempt, and whose worker is not to blame."""
    last = f'[ "$ONEOFF_ATTEMPT" -ge {attempt} ] || exit 3'
    return f'echo "START $ONEOFF_ATTEMPT" >> {ledger.path}; {last}'


def test_a_job_that_fails_twice_and_then_succeeds(product: Product, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    job = product.create(_failing_until(ledger, 3), retry={"max_retries": 5, **SOON})
    until(lambda: "completed" in _statuses(product, job), 40, "success")
    rows = product.executions(job["id"])
    assert [row["status"] for row in rows] == ["failed", "failed", "completed"]
    assert ledger.starts() == {"1": 1, "2": 1, "3": 1}
    assert len({row["root_execution_id"] for row in rows}) == 1
    assert "error" not in rows[-1]


def test_a_worker_killed_under_a_retrying_job_costs_none_of_its_retries(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    script = f'[ "$ONEOFF_ATTEMPT" -gt 1 ] || sleep 30; {_failing_until(ledger, 9)}'
    mark = f'echo "START run" >> {ledger.path}; '
    job = product.create(mark + script, on_lost="retry", retry={"max_retries": 1, **SOON})
    until(lambda: ledger.count("START", "run"), 20, "the first attempt runs")
    product.kill("worker")
    until(lambda: "dead_letter" in _statuses(product, job), 60, "the burial")
    rows = product.executions(job["id"])
    assert [(row["status"], row.get("error_code"), row["retries"]) for row in rows] == [
        ("failed", "WORKER_LOST", 0),
        ("failed", "EXIT_CODE", 0),
        ("dead_letter", "EXIT_CODE", 1),
    ]
    assert rows[-1]["exit_code"] == 3
    assert ledger.starts() == {"run": 3, "2": 1, "3": 1}
    _, replayed = product.ask("POST", f"/api/executions/{rows[-1]['id']}/replay", {})
    again = replayed["data"]["execution_id"]
    until(lambda: _statuses(product, job).count("dead_letter") == 2, 40, "the second burial")
    rows = product.executions(job["id"])[3:]
    assert [(row["attempt"], row["origin"]) for row in rows] == [(1, "replay"), (2, "replay")]
    assert (rows[0]["id"], rows[1]["root_execution_id"]) == (again, again)


def test_a_busy_target_is_left_alone_as_long_as_it_asks(tmp_path: Path) -> None:
    busy = answer(503, b"busy", (("Retry-After", "3"),))
    with HttpTarget() as target, running(tmp_path / "product") as product:
        body = {
            "name": "call",
            "type": "http",
            "config": {"url": target.serve(in_turn(busy, answer()))},
            "scheduled_at": "now",
            "retry": {"max_retries": 2, **SOON},
        }
        status, made = product.ask("POST", "/api/jobs", body)
        assert status == 201, made
        until(lambda: "completed" in _statuses(product, made["data"]), 40, "success")
        first, second = product.executions(made["data"]["id"])
        assert (first["status"], first["error_code"]) == ("failed", "HTTP_STATUS")
        waited = _moment(second["started_at"]) - _moment(first["completed_at"])
        assert waited.total_seconds() >= 2.9
        assert len(target.seen) == 2
        keys = {seen.headers["idempotency-key"] for seen in target.seen}
        assert keys == {first["root_execution_id"]}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_thousand_jobs_that_fail_together_come_back_apart(tmp_path: Path, figure: Any) -> None:
    with running(tmp_path / "product") as product:
        job = {
            "name": "fails",
            "type": "shell",
            "config": {"script": "exit 3"},
            "scheduled_at": "now",
            "retry": {"max_retries": 1},
        }
        status, made = product.ask("POST", "/api/jobs/bulk", [job] * 1000, seconds=60)
        assert (status, made["created"]) == (200, 1000)

        def buried() -> bool:
            _, stats = product.ask("GET", "/api/dead-letters/stats")
            return bool(stats["data"]["dead"] == 1000)

        until(buried, 180, "all are buried")
        _, page = product.ask("GET", "/api/dead-letters?limit=1000", seconds=60)
        assert {(row["attempt"], row["retries"]) for row in page["data"]} == {(2, 1)}
        for name in ("run_at", "started_at"):
            peak = max(Counter(row[name][:19] for row in page["data"]).values())
            figure(f"1,000 retries by {name}: at most {peak} in a second")
            assert peak <= 200
        _, groups = product.ask("GET", "/api/dead-letters/groups")
        assert [group["count"] for group in groups["data"]] == [1000]
        _, report = product.ask("POST", "/api/dead-letters/discard", {}, seconds=60)
        assert (report["data"]["done"], report["data"]["remaining"]) == (1000, 0)
