"""Projects and tags over HTTP."""

import pytest

from tests.support.api import claim_one, get, make, refused


def project(client, **over):
    answer = client.post("/api/projects", json={"name": "p"} | over)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def test_a_fresh_installation_has_one_project_and_eight_tags(client):
    (only,) = get(client, "/api/projects")["data"]
    assert (only["id"], only["name"], only["color"], only["icon"]) == (
        "default",
        "Default Project",
        "#6366f1",
        "folder",
    )
    tags = get(client, "/api/tags")["data"]
    assert [tag["name"] for tag in tags] == [
        "backup",
        "cleanup",
        "deployment",
        "maintenance",
        "migration",
        "production",
        "staging",
        "testing",
    ]
    assert all(tag["is_default"] for tag in tags)


def test_a_project_is_made_changed_and_deleted(client):
    made = project(client, description="d", color="#fff", icon="star")
    url = f"/api/projects/{made['id']}"
    assert get(client, url)["data"] == made
    for method in (client.patch, client.put):
        changed = method(url, json={"name": "q", "description": None}).json["data"]
        assert (changed["name"], changed["description"], changed["icon"]) == ("q", None, "star")
    assert client.delete(url).status_code == 204
    assert refused(client.get(url), 404)["error"] == "Project not found"


def test_archived_projects_are_hidden_unless_asked_for(client):
    made = project(client)
    client.patch(f"/api/projects/{made['id']}", json={"is_archived": True})
    assert get(client, "/api/projects")["total"] == 1
    assert get(client, "/api/projects", include_archived="true")["total"] == 2
    refused(client.get("/api/projects?include_archived=maybe"), 400, "include_archived")


def test_a_project_counts_its_jobs(client):
    made = project(client)
    make(client, project_id=made["id"])
    make(client, project_id=made["id"])
    assert get(client, f"/api/projects/{made['id']}")["data"]["job_count"] == 2
    assert {p["id"]: p["job_count"] for p in get(client, "/api/projects")["data"]} == {
        "default": 0,
        made["id"]: 2,
    }


@pytest.mark.parametrize("path", ["/api/projects", "/api/tags"])
def test_names_are_unique(client, path):
    first = client.post(path, json={"name": "caf\u00e9"}).json["data"]
    refused(client.post(path, json={"name": "cafe\u0301"}), 409)
    other = client.post(path, json={"name": "other"}).json["data"]
    refused(client.patch(f"{path}/{other['id']}", json={"name": "caf\u00e9"}), 409)
    assert client.patch(f"{path}/{first['id']}", json={"name": "caf\u00e9"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/projects", "/api/tags"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "color": "url(evil)"}, "color"),
        ({"name": "x", "id": "0" * 32}, "id"),
        ({"name": "x", "created_at": "2030-01-01T00:00:00Z"}, "created_at"),
    ],
)
def test_a_bad_value_is_refused(client, path, body, field):
    refused(client.post(path, json=body), 400, field)


def test_the_default_project_stays(client):
    answer = client.delete("/api/projects/default")
    assert refused(answer, 409)["error"] == "Cannot delete default project"


def test_a_deleted_project_takes_its_jobs_along(client):
    made = project(client)
    job = make(client, project_id=made["id"], name="unusual")
    assert client.delete(f"/api/projects/{made['id']}").status_code == 204
    refused(client.get(f"/api/jobs/{job['id']}"), 404)
    assert get(client, "/api/jobs")["total"] == 0
    assert get(client, "/api/jobs", search="unusual")["total"] == 0
    assert get(client, "/api/executions", include="all")["total"] == 0


def test_jobs_can_be_moved_before(client):
    made = project(client)
    job = make(client, project_id=made["id"])
    url = f"/api/projects/{made['id']}"
    for bad in ("nowhere", made["id"], "0" * 32):
        refused(client.delete(f"{url}?reassign_to={bad}"), 400, "reassign_to")
    assert client.delete(f"{url}?reassign_to=default").status_code == 204
    assert get(client, f"/api/jobs/{job['id']}")["data"]["project_id"] == "default"
    assert get(client, "/api/executions", include="all", project_id="default")["total"] == 1


def test_a_project_whose_job_runs_is_not_deleted(client):
    made = project(client)
    make(client, project_id=made["id"], scheduled_at="now")
    claim_one()
    answer = client.delete(f"/api/projects/{made['id']}")
    assert "cancel it first" in refused(answer, 409)["error"]
    assert client.delete(f"/api/projects/{made['id']}?reassign_to=default").status_code == 204


def test_executions_follow_their_job_to_another_project(client):
    made = project(client)
    job = make(client)
    client.patch(f"/api/jobs/{job['id']}", json={"project_id": made["id"]})
    assert get(client, "/api/executions", include="all", project_id=made["id"])["total"] == 1
    assert get(client, "/api/executions", include="all", project_id="default")["total"] == 0


def test_a_tag_is_made_changed_and_deleted(client):
    made = client.post("/api/tags", json={"name": "t", "color": "#123456"}).json["data"]
    url = f"/api/tags/{made['id']}"
    assert made["is_default"] is False
    assert get(client, url)["data"] == made
    changed = client.put(url, json={"name": "u", "is_default": True}).json["data"]
    assert (changed["name"], changed["color"], changed["is_default"]) == ("u", "#123456", True)
    job = make(client, tag_ids=[made["id"]])
    assert client.delete(url).status_code == 204
    assert "tags" not in get(client, f"/api/jobs/{job['id']}")["data"]
    assert refused(client.delete(url), 404)["error"] == "Tag not found"


def test_the_same_key_makes_one_project_and_one_tag(client):
    for path in ("/api/projects", "/api/tags"):
        answers = [
            client.post(path, json={"name": "n"}, headers={"Idempotency-Key": path})
            for _ in range(2)
        ]
        assert [a.status_code for a in answers] == [201, 201]
        assert answers[0].json == answers[1].json
