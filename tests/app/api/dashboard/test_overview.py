"""The first page, over HTTP."""

from app.services import overview
from tests.support.api import claim_one, get, make, settle


def test_the_first_page_is_told_in_one_answer(client):
    overview.forget()
    job = make(client, name="export", scheduled_at="now")
    settle(claim_one(), "failed", error="boom")
    make(
        client, name="later", schedule={"type": "cron", "expression": "* * * * *"}, scheduled_at=...
    )
    found = get(client, "/api/overview")["data"]
    (look,) = found["needs_a_look"]["items"]
    assert (look["kind"], look["job_id"], look["error"]) == ("failed", job["id"], "boom")
    assert look["last_at"].endswith("Z")
    assert found["figures"]["failed_24h"] == 1
    assert [row["said"] for row in found["finished"]] == ["boom"]
    assert [moment["job_name"] for moment in found["up_next"]] == ["later"]
    assert sum(bucket["failed"] for bucket in found["strip"]["buckets"]) == 1
    assert found["hours"][-1]["failed"] == 1
    assert found["queues"][0]["name"] == "default"
    assert found["pause"]["paused"] is False
    other = get(client, "/api/overview", project_id="nowhere")["data"]
    assert other["figures"]["total_executions"] == 0
