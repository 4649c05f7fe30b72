"""What lists can be narrowed to, with how many there are, on both databases."""

from datetime import timedelta

from app.db import transaction
from app.domain.clock import now, to_wire
from app.models import Job
from tests.support.api import claim_one, get, make, settle


def test_views_of_jobs_hold_as_many_as_their_lists(client):
    project = client.post("/api/projects", json={"name": "p", "color": "#112233"}).json["data"]
    tag = client.post("/api/tags", json={"name": "t"}).json["data"]
    make(client, scheduled_at="now", project_id=project["id"])
    settle(claim_one(), "failed")
    make(client, scheduled_at="now")
    claim_one()
    make(client, scheduled_at=to_wire(now() + timedelta(minutes=30)), tag_ids=[tag["id"]])
    make(client, enabled=False)
    paused = make(client)["id"]
    client.post(f"/api/jobs/{paused}/pause")
    with transaction() as session:
        session.get_one(Job, paused).created_by = "user:ann"
    found = get(client, "/api/jobs/facets")["data"]
    assert found["views"] == {
        "all": 5,
        "failing": 1,
        "running": 1,
        "resting": 2,
        "due": 1,
        "mine": 4,
    }
    assert found["statuses"] == {"failed": 1, "paused": 1, "running": 1, "scheduled": 2}
    assert found["capped"] == []
    known = {one["name"]: (one["color"], one["count"]) for one in found["projects"]}
    assert known["p"] == ("#112233", 1)
    assert "t" in [one["name"] for one in found["tags"]]
    lists = {
        "failing": {"result": "failed"},
        "running": {"status": "running"},
        "resting": {"resting": "true"},
        "mine": {"created_by": "me"},
        "due": {"time_from": to_wire(now()), "time_to": to_wire(now() + timedelta(hours=1))},
    }
    for view, query in lists.items():
        page = get(client, "/api/jobs", **query)
        assert page["total"] == found["views"][view], view


def test_executions_of_the_last_day_stand_in_half_hours(client):
    make(client, scheduled_at="now")
    settle(claim_one(), "timeout")
    make(client)
    found = get(client, "/api/executions/facets")["data"]
    assert found["statuses"] == {"scheduled": 1, "timeout": 1}
    assert len(found["hours"]) == 48
    assert [sum(one[name] for one in found["hours"]) for name in ("timeout", "failed")] == [1, 0]
    assert sum(found["hours"][-1][name] + found["hours"][-2][name] for name in ("timeout",)) == 1
