"""What executions and jobs use, over the API."""

from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.clock import now, to_wire
from app.services.usage import rollups, samples
from app.services.usage.samples import Sample
from app.settings import Settings
from tests.support.api import claim_one, get, make, refused, settle


def sampled(execution_id, *memory):
    """Write samples of an execution, two seconds apart and the last one now."""
    present = now()
    moments = [present - timedelta(seconds=2 * n) for n in reversed(range(len(memory)))]
    found = [Sample(at, 150.0, size, 12.5) for at, size in zip(moments, memory, strict=True)]
    with transaction() as session:
        samples.write(session, execution_id, 1, found)
    return moments


@pytest.mark.parametrize("root", ["/api/executions", "/api/runs"])
def test_the_samples_of_an_execution_that_runs(client, root):
    make(client, scheduled_at="now")
    claim = claim_one()
    first, last = sampled(claim.id, 1000, 3000)
    found = get(client, f"{root}/{claim.id}/metrics")
    assert found == {
        "data": [
            {
                "timestamp": to_wire(moment),
                "cpu_percent": 150.0,
                "memory_bytes": size,
                "memory_percent": 12.5,
            }
            for moment, size in ((first, 1000), (last, 3000))
        ],
        "status": "running",
        "usage": {
            "cpu_seconds": None,
            "max_cpu_percent": None,
            "max_rss_bytes": None,
            "mean_rss_bytes": None,
        },
    }
    later = get(client, f"{root}/{claim.id}/metrics", after=to_wire(first))["data"]
    assert [one["memory_bytes"] for one in later] == [3000]


def test_what_a_short_execution_used_is_told_without_samples(client):
    make(client, scheduled_at="now")
    claim = claim_one()
    settle(claim, cpu_seconds=0.25, max_rss_bytes=7)
    found = get(client, f"/api/executions/{claim.id}/metrics")
    assert (found["data"], found["status"]) == ([], "completed")
    assert (found["usage"]["cpu_seconds"], found["usage"]["max_rss_bytes"]) == (0.25, 7)


def test_the_figures_of_a_job_by_day_and_hour(client):
    job = make(client, scheduled_at="now")
    settle(claim_one(), duration_ms=2000, cpu_seconds=1.0, max_rss_bytes=500)
    path = f"/api/jobs/{job['id']}/metrics"
    assert get(client, path)["data"]["buckets"] == []
    assert get(client, path)["data"]["updated_at"] is None
    rollups.roll_up(Settings())
    for bucket in ("day", "hour"):
        found = get(client, path, days=7, bucket=bucket)["data"]
        (only,) = found["buckets"]
        counts = {
            "run_count": 1,
            "success_count": 1,
            "failure_count": 0,
            "timeout_count": 0,
            "cancelled_count": 0,
            "success_rate": 1.0,
        }
        assert found["total"] == counts
        assert only == counts | {
            "period_start": to_wire(rollups.start_of(now(), bucket)),
            "avg_duration_ms": 2000,
            "p50_duration_ms": 2000,
            "p95_duration_ms": 2000,
            "max_duration_ms": 2000,
            "avg_cpu_percent": 50.0,
            "max_cpu_percent": 50.0,
            "avg_memory_bytes": 500,
            "max_memory_bytes": 500,
        }
        assert found["updated_at"] is not None


def test_so_many_days_are_shown_and_the_present_one_is_the_last(client):
    job = make(client)
    found = get(client, f"/api/jobs/{job['id']}/metrics", days=7)["data"]
    today = rollups.start_of(now(), "day")
    assert found["since"] == to_wire(today - timedelta(days=6))
    assert found["until"] == to_wire(today + timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "field"),
    [({"days": "0"}, "days"), ({"days": "91"}, "days"), ({"bucket": "week"}, "bucket")],
)
def test_what_cant_be_shown_is_refused(client, query, field):
    job = make(client)
    refused(client.get(f"/api/jobs/{job['id']}/metrics", query_string=query), 400, field)


def test_what_is_not_there_has_no_figures(client):
    for path in ("executions", "runs", "jobs"):
        refused(client.get(f"/api/{path}/{'f' * 32}/metrics"), 404)
    made = make(client, scheduled_at="now")
    assert made
    refused(client.get(f"/api/executions/{claim_one().id}/metrics?after=x"), 400, "after")


def test_the_installation_at_a_glance(client):
    before = get(client, "/api/dashboard/stats")["data"]
    assert (before["success_rate"], before["average_duration_ms"]) == (None, 0)
    for verdict in ("completed", "completed", "completed", "timeout"):
        make(client, scheduled_at="now")
        settle(claim_one(), verdict, duration_ms=40)
    make(client, scheduled_at="now")
    claim_one()
    make(client)
    found = get(client, "/api/dashboard/stats")["data"]
    assert found.pop("uptime_ms") >= before["uptime_ms"]
    assert found == {
        "active_jobs": 2,
        "running_now": 1,
        "success_rate": 0.75,
        "total_failures": 1,
        "average_duration_ms": 40,
    }
