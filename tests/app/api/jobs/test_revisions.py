"""Revisions of jobs over the API."""

import pytest
import sqlalchemy as sa

from app.db import reading
from app.models import JobVersion
from app.services.jobs import edits
from tests.support.api import claim_one, get, make, refused, settle

FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}


def edit(client, job, headers=None, **values):
    """Change a job; return it."""
    answer = client.patch(f"/api/jobs/{job['id']}", json=values, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


def revisions(client, job, **query):
    """Return the revisions of a job."""
    return get(client, f"/api/jobs/{job['id']}/revisions", **query)


def restore(client, job, version, **headers):
    """Ask for a job to be what it was."""
    return client.post(f"/api/jobs/{job['id']}/revisions/{version}/restore", headers=headers)


def test_each_edit_is_a_revision_that_says_who_how_and_what(client):
    job = make(client)
    edit(client, job, timeout_seconds=30, config={"script": "echo new"}, headers=FROM_A_PAGE)
    found = revisions(client, job)
    assert found["total"] == 2
    newest, first = found["data"]
    assert newest.pop("created_at") >= first.pop("created_at")
    assert newest == {
        "version": 2,
        "actor": "anonymous",
        "via": "page",
        "changed": ["config.script", "timeout_seconds"],
    }
    assert first == {"version": 1, "actor": "anonymous", "via": "api", "changed": None}


def test_what_a_list_of_definitions_changes_was_imported(client):
    definition = {
        "external_id": "a",
        "name": "a",
        "type": "shell",
        "config": {"script": "true"},
        "schedule": {"type": "manual"},
    }
    for name in ("a", "b"):
        sent = {"source": "files", "jobs": [definition | {"name": name}]}
        answer = client.post("/api/jobs/sync", json=sent)
        assert answer.status_code == 200, answer.json
    job = get(client, "/api/jobs")["data"][0]
    assert [row["via"] for row in revisions(client, job)["data"]] == ["import", "import"]


def test_a_revision_tells_the_job_as_it_was(client):
    job = make(client, name="before")
    edit(client, job, name="after")
    found = get(client, f"/api/jobs/{job['id']}/revisions/1")["data"]
    assert found["definition"]["name"] == "before"
    assert get(client, f"/api/jobs/{job['id']}/revisions/2")["data"]["changed"] == ["name"]


def test_pages_of_revisions_know_what_came_before(client):
    job = make(client)
    for number in range(3):
        edit(client, job, name=f"name {number}")
    found = revisions(client, job, limit=2, offset=1)
    assert [row["version"] for row in found["data"]] == [3, 2]
    assert [row["changed"] for row in found["data"]] == [["name"], ["name"]]
    assert found["total"] == 4


def test_a_job_goes_back_to_what_it_was_as_a_new_revision(client):
    job = make(client, name="before", config={"script": "echo old"}, priority=3)
    edit(client, job, name="after", config={"script": "echo new"}, priority=9, enabled=False)
    answer = restore(client, job, 1)
    assert answer.status_code == 200
    now = answer.json["data"]
    assert (now["name"], now["spec"]["script"], now["priority"]) == ("before", "echo old", 3)
    assert now["version"] == 3
    assert now["enabled"] is False  # being off is no part of a definition
    entry = get(client, "/api/audit", target_id=job["id"])["data"][0]
    assert (entry["action"], entry["target_kind"]) == ("revisions.restore_revision", "job")
    assert entry["detail"]["restored_version"] == 1


def test_a_schedule_and_its_retries_come_back(client):
    job = make(
        client,
        scheduled_at=None,
        schedule={"type": "cron", "expression": "0 9 * * *"},
        retry={"max_retries": 2},
    )
    edit(client, job, schedule={"type": "fixed_rate", "interval_seconds": 60}, retry=None)
    answer = restore(client, job, 1)
    assert answer.status_code == 200, answer.json
    now = answer.json["data"]
    assert (now["schedule"]["type"], now["retry"]["max_retries"]) == ("cron", 2)
    assert now["next_due_at"].endswith("T09:00:00.000Z")


def test_tags_that_are_gone_stay_gone(client):
    made = [
        client.post("/api/tags", json={"name": name, "color": "#112233"}).json["data"]["id"]
        for name in ("one", "two")
    ]
    job = make(client, tag_ids=made)
    edit(client, job, tag_ids=[])
    client.delete(f"/api/tags/{made[0]}")
    now = restore(client, job, 1).json["data"]
    assert [tag["id"] for tag in now["tags"]] == [made[1]]


def test_a_moment_that_has_passed_does_not_come_back(client):
    job = make(client, scheduled_at="now")
    settle(claim_one())
    refused(restore(client, job, 1), 409)
    assert revisions(client, job)["total"] == 1


def test_what_has_changed_meanwhile_is_not_overwritten_unseen(client):
    job = make(client, name="one")
    edit(client, job, name="two")
    refused(restore(client, job, 1, **{"If-Match": '"1"'}), 409)
    assert restore(client, job, 1, **{"If-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize("version", [0, 2, 2**31, 10**40, "x", "-1", "²"])
def test_a_revision_that_is_not_there_is_not_found(client, version):
    job = make(client)
    path = f"/api/jobs/{job['id']}/revisions/{version}"
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/restore").status_code == 404


def test_old_revisions_go_but_those_that_are_still_to_run_stay(client, monkeypatch):
    monkeypatch.setattr(edits, "MOST_VERSIONS", 3)
    schedule, retry = {"type": "manual"}, {"max_retries": 1, "base_seconds": 600}
    job = make(client, scheduled_at=None, schedule=schedule, retry=retry)
    client.post(f"/api/jobs/{job['id']}/execute")
    settle(claim_one(), "failed", error="no", error_code="EXIT_CODE")
    for number in range(6):
        edit(client, job, name=f"name {number}")
    with reading() as session:
        kept = session.scalars(
            sa.select(JobVersion.version).where(JobVersion.job_id == job["id"])
        ).all()
    assert sorted(kept) == [1, 5, 6, 7]
