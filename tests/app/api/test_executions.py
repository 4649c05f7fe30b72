"""Executions and what they printed, over HTTP."""

import json
from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.clock import now
from app.models import ExecutionLog
from tests.support.api import claim_one, get, make, refused, rows_of, settle

ALWAYS = {
    "id",
    "trace_id",
    "root_execution_id",
    "parent_execution_id",
    "job_id",
    "job_name",
    "job_version",
    "number",
    "status",
    "attempt",
    "origin",
    "actor",
    "parameters",
    "blocked_on",
    "reason",
    "due_at",
    "run_at",
    "queued_at",
    "started_at",
    "lateness_ms",
    "error_code",
    "retries",
    "output_truncated",
    "worker",
    "queue",
    "priority",
    "chain_run_id",
    "link_index",
    "usage",
    "created_at",
}
ONLY_WITH_A_VALUE = {"completed_at", "duration_ms", "exit_code", "error", "output"}


def started(client, **over):
    job = make(client, scheduled_at="now", **over)
    return job, claim_one()


def chunk(claim, first, *blocks, at=None):
    """Write a chunk of output; each block is (stream, text of whole lines)."""
    count = sum(text.count("\n") for _, text in blocks)
    body = [[stream, 5 * index, text] for index, (stream, text) in enumerate(blocks)]
    with transaction() as session:
        session.add(
            ExecutionLog(
                execution_id=claim.id,
                first_number=first,
                last_number=first + count - 1,
                logged_at=at or now(),
                body=json.dumps(body),
            )
        )


def numbered(first, last):
    return "".join(f"line {n}\n" for n in range(first, last + 1))


def logs(client, claim, **query):
    return get(client, f"/api/executions/{claim.id}/logs", **query)["data"]


def test_a_finished_execution_says_all_of_itself(client):
    job, claim = started(client)
    settle(claim, "failed", error="no", output_tail="hi\n", cpu_seconds=0.5, max_rss_bytes=7)
    shown = get(client, f"/api/executions/{claim.id}")["data"]
    assert shown.keys() == ALWAYS | ONLY_WITH_A_VALUE
    assert (shown["job_id"], shown["job_name"], shown["job_version"]) == (job["id"], "a job", 1)
    assert (shown["number"], shown["attempt"], shown["origin"]) == (1, 1, "api")
    assert (shown["exit_code"], shown["error"], shown["output"]) == (1, "no", "hi\n")
    assert shown["usage"] == {"cpu_seconds": 0.5, "max_rss_bytes": 7}
    assert (shown["worker"], shown["duration_ms"]) == ("worker-1", 40)
    assert get(client, "/api/executions")["data"] == [shown]


def test_what_a_waiting_execution_has_not_yet_is_left_out(client):
    (row,) = rows_of(client, make(client)["id"])
    assert row.keys() == ALWAYS
    assert row["started_at"] is None


def test_an_execution_that_is_not_there_is_not_found(client):
    for path in ("", "/logs"):
        answer = client.get(f"/api/executions/{'0' * 32}{path}")
        assert refused(answer, 404)["error"] == "Execution not found"
    refused(client.post(f"/api/executions/{'0' * 32}/cancel"), 404)


def test_output_is_read_while_it_comes(client):
    _, claim = started(client)
    assert logs(client, claim) == []
    assert "output" not in get(client, f"/api/executions/{claim.id}")["data"]
    moment = now()
    chunk(claim, 1, ("stdout", "one\ntwo\n"), ("stderr", "oh\n"), at=moment)
    assert [(line["number"], line["stream"], line["text"]) for line in logs(client, claim)] == [
        (1, "stdout", "one"),
        (2, "stdout", "two"),
        (3, "stderr", "oh"),
    ]
    later = (moment + timedelta(milliseconds=5)).isoformat(timespec="milliseconds")
    assert logs(client, claim)[2]["time"] == later.replace("+00:00", "Z")
    assert logs(client, claim, after=3) == []
    chunk(claim, 4, ("stdout", "\n"))
    assert [line["text"] for line in logs(client, claim, after=2)] == ["oh", ""]
    shown = get(client, f"/api/executions/{claim.id}")["data"]
    assert shown["output"] == "one\ntwo\n\n--- STDERR ---\noh\n"


def test_lines_come_with_the_status_so_that_a_reader_knows_the_end(client):
    _, claim = started(client)
    path = f"/api/executions/{claim.id}/logs"
    assert get(client, path) == {"data": [], "status": "running"}
    chunk(claim, 1, ("stdout", "one\n"))
    settle(claim)
    assert get(client, path, after=1) == {"data": [], "status": "completed"}


def test_a_long_output_is_read_page_by_page(client):
    _, claim = started(client)
    for first in range(1, 2001, 50):
        chunk(claim, first, ("stdout", numbered(first, first + 49)))
    seen, after = [], 0
    while page := logs(client, claim, after=after, limit=333):
        assert len(page) <= 333
        seen += [line["number"] for line in page]
        after = seen[-1]
    assert seen == list(range(1, 2001))
    assert len(logs(client, claim)) == 1000


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 1000])
def test_a_gap_is_told_once_wherever_pages_begin(client, limit):
    _, claim = started(client)
    chunk(claim, 1, ("stdout", numbered(1, 3)))
    chunk(claim, 100, ("stdout", numbered(100, 102)))
    seen, after = [], 0
    while page := logs(client, claim, after=after, limit=limit):
        seen += page
        after = page[-1]["number"]
    assert [line["number"] for line in seen] == [1, 2, 3, 4, 100, 101, 102]
    assert (seen[3]["stream"], seen[3]["text"]) == (
        "system",
        "lines 4\u201399 left out: the output was longer than MAX_OUTPUT_BYTES",
    )


def test_a_gap_is_shown_in_the_composed_output(client):
    _, claim = started(client)
    chunk(claim, 1, ("stdout", "head\n"))
    chunk(claim, 3, ("stdout", "tail\n"))
    lines = get(client, f"/api/executions/{claim.id}")["data"]["output"].split("\n")
    assert (lines[0], lines[2]) == ("head", "tail")
    assert lines[1].startswith("line 2 left out")


def test_the_detail_carries_the_last_mebibyte(client):
    _, claim = started(client)
    line = "x" * 1023 + "\n"
    for first in range(1, 3001, 100):
        chunk(claim, first, ("stdout", line * 100))
    settle(claim, output_tail=(line * 16), output_truncated=False)
    shown = get(client, f"/api/executions/{claim.id}")["data"]
    assert len(shown["output"]) == 1_048_576
    assert shown["output_truncated"] is True
    listed = get(client, "/api/executions")["data"][0]
    assert len(listed["output"]) == 16_384
    assert listed["output_truncated"] is True


def test_all_of_the_output_can_be_downloaded(client):
    _, claim = started(client)
    for first in range(1, 2001, 50):
        chunk(claim, first, ("stdout", numbered(first, first + 49)))
    answer = client.get(f"/api/executions/{claim.id}/logs", headers={"Accept": "text/plain"})
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="execution-{claim.id}.log"'
    )
    assert answer.text == numbered(1, 2000)


@pytest.mark.parametrize(
    "query", [{"after": "-1"}, {"after": "x"}, {"limit": "0"}, {"limit": "10001"}]
)
def test_a_bad_page_of_lines_is_refused(client, query):
    _, claim = started(client)
    answer = client.get(f"/api/executions/{claim.id}/logs", query_string=query)
    refused(answer, 400, *query)
