"""Nothing can be had by writing an address in another way."""

from tests.security import people
from tests.support.api import wish

TRICKS = (
    "//api/jobs/{id}",
    "/api//jobs/{id}",
    "/API/jobs/{id}",
    "/api/Jobs/{id}",
    "/api/jobs;x/{id}",
    "/api/jobs/{id};x",
    "/api/jobs/{id}%00",
    "/api/jobs/{id}%2e",
    "/api/jobs/{id}/health",
    "/api/jobs/{id}/../../../health",
    "/api/jobs/%2e%2e/jobs/{id}",
    "/api/jobs%2f{id}",
    "/health/../api/jobs/{id}",
    "/health/live/../../api/jobs/{id}",
    "/docs/../api/jobs/{id}",
    "/docs/start.js/../../api/jobs/{id}",
    "/api/openapi.json/../jobs/{id}",
    "/api/jobs/{id}?x=/health",
    "/api/jobs/{id}#/health",
    "/api/jobs/{id}\\..\\health",
)


def test_a_path_written_otherwise_leads_no_further(small):
    hidden = small.own[1]  # eve's, whom bob does not see
    dashes = (8, 12, 16, 20, 32)
    dashed = "-".join(hidden[a:b] for a, b in zip((0, *dashes), dashes, strict=False))
    for trick in (*TRICKS, "/api/jobs/{id}/", "/api/jobs/{dashed}"):
        path = trick.format(id=hidden, dashed=dashed)
        nobody, bob = small.root.client.get(path), small.callers[0].open("GET", path)
        for answer, statuses in ((nobody, {401, 404, 308}), (bob, {404, 308})):
            # A page of ours holds nothing of anybody; it asks the API itself.
            assert answer.status_code in statuses or answer.mimetype == "text/html", path
            assert "eve's" not in answer.text
            answer.close()


def test_a_name_like_that_of_an_open_route_opens_nothing(small):
    for name in ("health", "login", "live", "openapi.json", "configs", "docs"):
        small.root.post("/api/jobs", wish(name=name, queue=name))
        for path in (f"/api/queues/{name}", f"/api/jobs/{name}", f"/api/projects/{name}"):
            assert small.root.client.get(path).status_code == 401, path


def test_no_header_changes_what_is_asked_for(small):
    job = small.own[0]
    viewer = people.person(small.root.client, "vic", "viewer")
    for header in ("X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL"):
        headers = {header: "DELETE" if "Method" in header else "/health"}
        answer = viewer.open("POST", f"/api/jobs/{job}/execute", headers=headers, json={})
        assert answer.status_code == 403
        assert small.root.client.get("/api/jobs", headers=headers).status_code == 401
    assert small.root.get(f"/api/jobs/{job}")["data"]["id"] == job
