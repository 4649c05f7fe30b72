"""Variables over HTTP: what is made, seen and changed, and by whom."""

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.permissions import EVERY
from app.domain.variables import context_of
from app.gateways import cipher
from app.models import Job, Project, Variable
from app.services.access import Principal, Sight
from app.services.variables import definitions
from tests.support.api import get, make, refused, walk, wish

PATH = "/api/variables"


def new(client, name="TOKEN", value="v", **more):
    answer = client.post(PATH, json={"name": name, "value": value, **more})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def stored(variable_id):
    with transaction() as session:
        return session.scalars(sa.select(Variable.value).where(Variable.id == variable_id)).one()


def project(client, name="shop"):
    answer = client.post("/api/projects", json={"name": name})
    return answer.json["data"]["id"]


def test_a_variable_lives_from_create_to_delete(client):
    made = new(client, description="the shop's", value="https://shop.example")
    assert (made["scope"], made["project_id"], made["job_id"]) == ("global", None, None)
    assert (made["value"], made["version"], made["created_by"]) == (
        "https://shop.example",
        1,
        "anonymous",
    )
    path = f"{PATH}/{made['id']}"
    assert get(client, path)["data"] == made
    changed = client.patch(path, json={"value": "", "description": None, "name": "BASE"})
    assert changed.headers["ETag"] == '"2"'
    data = changed.json["data"]
    assert (data["value"], data["description"], data["name"]) == ("", None, "BASE")
    assert client.put(path, json={"value": "x"}).json["data"]["value"] == "x"
    refused(client.patch(path, json={"value": "y"}, headers={"If-Match": '"2"'}), 409)
    assert client.delete(path).status_code == 204
    assert refused(client.get(path), 404)["error"] == "Variable not found"


def test_a_sensitive_value_is_encrypted_and_shown_to_nobody(client):
    made = new(client, value="s3cret", is_sensitive=True)
    path = f"{PATH}/{made['id']}"
    first = stored(made["id"])
    assert cipher.current().decrypt(first, context_of(made["id"])) == "s3cret"
    answers = [client.get(path), client.get(PATH), client.patch(path, json={"value": "s4cret"})]
    for answer in answers:
        assert "cret" not in answer.text
    assert made["value"] == answers[2].json["data"]["value"] == "***"
    second = stored(made["id"])
    assert cipher.current().decrypt(second, context_of(made["id"])) == "s4cret"
    # Who sends back what was shown changes nothing.
    client.put(path, json={"value": "***", "description": "d"})
    assert stored(made["id"]) == second


def test_a_secret_becomes_plain_only_with_a_new_value(client):
    made = new(client, value="s3cret", is_sensitive=True)
    path = f"{PATH}/{made['id']}"
    for body in ({"is_sensitive": False}, {"is_sensitive": False, "value": "***"}):
        refused(client.patch(path, json=body), 400, "value")
    shown = client.patch(path, json={"is_sensitive": False, "value": "new"}).json["data"]
    assert (shown["value"], shown["is_sensitive"]) == ("new", False)
    assert client.patch(path, json={"is_sensitive": True}).json["data"]["value"] == "***"
    assert cipher.current().decrypt(stored(made["id"]), context_of(made["id"])) == "new"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "A B"}, ["name"]),
        ({"name": "1A"}, ["name"]),
        ({"name": "PATH"}, ["name"]),
        ({"name": ...}, ["name"]),
        ({"value": ...}, ["value"]),
        ({"value": 5}, ["value"]),
        ({"value": "x" * 65_537}, ["value"]),
        ({"value": "a\0b"}, [""]),
        ({"value": "***", "is_sensitive": True}, ["value"]),
        ({"is_sensitive": "yes"}, ["is_sensitive"]),
        ({"scope": "world"}, ["scope"]),
        ({"scope": {"type": "job", "x": 1}}, ["scope"]),
        ({"scope": {"type": "job"}}, ["job_id"]),
        ({"scope": "project"}, ["project_id"]),
        ({"scope": "project", "project_id": "nope"}, ["project_id"]),
        ({"scope": "job", "job_id": "0" * 32, "value": "x" * 70_000}, ["job_id", "value"]),
        ({"scope": "global", "job_id": "0" * 32}, ["job_id"]),
        ({"owner": "me"}, ["owner"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, values, fields):
    body = {"name": "TOKEN", "value": "v"} | values
    answer = client.post(PATH, json={n: v for n, v in body.items() if v is not ...})
    if fields == [""]:
        assert answer.status_code == 400
    else:
        refused(answer, 400, *fields)
    assert get(client, PATH)["data"] == []


def test_what_is_wrong_with_a_value_is_said_without_showing_it(client):
    for value in ("s3cret" * 20_000, {"a": "s3cret"}, ["s3cret"]):
        answer = client.post(PATH, json={"name": "A", "value": value, "is_sensitive": True})
        refused(answer, 400, "value")
        assert "s3cret" not in answer.text


def test_a_name_is_unique_in_its_scope_only(client):
    job, other = make(client)["id"], make(client)["id"]
    scopes = [
        {},
        {"project_id": "default"},
        {"scope": "project", "project_id": project(client)},
        {"scope": {"type": "job", "job_id": job}},
        {"scope": "job", "job_id": other},
    ]
    made = [new(client, **scope) for scope in scopes]
    assert [one["scope"] for one in made] == ["global", "project", "project", "job", "job"]
    for scope in scopes:
        answer = client.post(PATH, json={"name": "TOKEN", "value": "", **scope})
        refused(answer, 409)
    new(client, "token")
    other_one = new(client, "OTHER")
    refused(client.patch(f"{PATH}/{other_one['id']}", json={"name": "TOKEN"}), 409)


def test_variables_go_with_their_job_and_project(client):
    shop, job = project(client), make(client)["id"]
    new(client, project_id=shop)
    new(client, job_id=job)
    new(client)
    client.delete(f"/api/jobs/{job}")
    client.delete(f"/api/projects/{shop}")
    assert [one["scope"] for one in get(client, PATH)["data"]] == ["global"]


def test_the_list_is_by_name_and_filtered(client):
    job = make(client)["id"]
    for number in range(5):
        new(client, f"A{number}", description="even" if number % 2 == 0 else None)
    new(client, "B", project_id="default", value="x" * 5000)
    new(client, "C", job_id=job)
    rows, totals = walk(client, PATH, limit=2)
    assert [row["name"] for row in rows] == ["A0", "A1", "A2", "A3", "A4", "B", "C"]
    assert set(totals) == {7}

    def named(**query):
        return [row["name"] for row in get(client, PATH, **query)["data"]]

    assert named(search="EVEN") == ["A0", "A2", "A4"]
    assert named(search="a3") == ["A3"]
    assert named(search="_") == []
    assert named(scope="job") == named(job_id=job) == ["C"]
    assert named(project_id="default") == ["B"]
    assert named(sort_by="updated_at", sort_order="desc", limit=1) == ["C"]
    (long,) = get(client, PATH, scope="project")["data"]
    assert (len(long["value"]), long["value_truncated"]) == (1024, True)
    assert len(get(client, f"{PATH}/{long['id']}")["data"]["value"]) == 5000
    refused(client.get(PATH, query_string={"scope": "world"}), 400, "scope")


def test_a_job_shows_what_applies_to_it_and_where_it_comes_from(client):
    shop = project(client)
    job = make(client, project_id=shop)["id"]
    new(client, "A", "global")
    new(client, "A", "project", project_id=shop)
    new(client, "A", "s3cret", job_id=job, is_sensitive=True)
    new(client, "B", "global")
    new(client, "C", "elsewhere", project_id="default")
    rows = get(client, f"/api/jobs/{job}/variables")["data"]
    assert [(r["name"], r["scope"], r["value"], r["overridden"]) for r in rows] == [
        ("A", "job", "***", False),
        ("A", "project", "project", True),
        ("A", "global", "global", True),
        ("B", "global", "global", False),
    ]
    refused(client.get(f"/api/jobs/{'0' * 32}/variables"), 404)


def test_there_are_no_more_than_a_start_can_look_through(client, monkeypatch):
    monkeypatch.setattr(definitions, "MOST_IN_A_SCOPE", 2)
    new(client, "A")
    new(client, "B")
    refused(client.post(PATH, json={"name": "C", "value": ""}), 409)
    new(client, "C", project_id="default")


# Who may do what -----------------------------------------------------------------------------


@pytest.fixture
def as_somebody(client):
    """Return a function that makes a client's requests those of a principal."""
    current: dict[str, Principal] = {}
    app = client.application
    before = list(app.before_request_funcs.get(None, []))

    def note():
        from flask import g

        if "who" in current:
            g.principal, g.actor = current["who"], current["who"].actor

    app.before_request_funcs.setdefault(None, []).append(note)

    def be(who):
        current["who"] = who
        return client

    yield be
    app.before_request_funcs[None] = before


PLAIN = EVERY - {"variable:encrypt"}
ALL = Sight(everything=True)


def test_without_the_permission_sensitive_ones_are_not_there(as_somebody, client):
    secret, plain = new(client, "S", is_sensitive=True), new(client, "P")
    job = make(client)["id"]
    new(client, "P2", job_id=job, is_sensitive=True)
    new(client, "P2")
    as_somebody(Principal("user:bob", PLAIN, ALL))
    assert [v["name"] for v in get(client, PATH)["data"]] == ["P", "P2"]
    assert get(client, PATH, search="S")["total"] == 0
    path = f"{PATH}/{secret['id']}"
    for answer in (client.get(path), client.patch(path, json={"value": "x"}), client.delete(path)):
        refused(answer, 404)
    rows = get(client, f"/api/jobs/{job}/variables")["data"]
    assert [(v["name"], v["overridden"]) for v in rows] == [("P", False), ("P2", True)]
    body = {"name": "N", "value": "v", "is_sensitive": True}
    assert refused(client.post(PATH, json=body), 403)["details"] == {"needs": ["variable:encrypt"]}
    refused(client.patch(f"{PATH}/{plain['id']}", json={"is_sensitive": True}), 403)
    new(client, "N")


def test_a_key_of_a_project_changes_what_is_its_projects_and_nothing_else(as_somebody, client):
    shop = project(client)
    own_job, other_job = make(client, project_id=shop)["id"], make(client)["id"]
    of_all, of_default = new(client, "G"), new(client, "D", project_id="default")
    of_other_job = new(client, "J", job_id=other_job)
    as_somebody(Principal("key:ci", EVERY, Sight(everything=True, within=shop)))
    new(client, "D", project_id=shop)
    new(client, "J", job_id=own_job)
    assert [v["name"] for v in get(client, PATH)["data"]] == ["D", "G", "J"]
    for hidden in (of_default, of_other_job):
        refused(client.get(f"{PATH}/{hidden['id']}"), 404)
        refused(client.delete(f"{PATH}/{hidden['id']}"), 404)
    refused(client.patch(f"{PATH}/{of_all['id']}", json={"value": "x"}), 403)
    refused(client.delete(f"{PATH}/{of_all['id']}"), 403)
    refused(client.post(PATH, json={"name": "N", "value": ""}), 403)
    for place in ({"project_id": "default"}, {"job_id": other_job}):
        refused(client.post(PATH, json={"name": "N", "value": "", **place}), 400, *place)
    refused(client.get(f"/api/jobs/{other_job}/variables"), 404)


def test_a_person_reaches_what_is_hers_and_her_projects(as_somebody, client):
    shop = project(client)
    mine, of_shop, foreign = (make(client, name=n)["id"] for n in ("mine", "shop", "foreign"))
    with transaction() as session:
        session.execute(sa.update(Job).where(Job.id == mine).values(created_by="user:ann"))
        session.execute(sa.update(Job).where(Job.id == of_shop).values(project_id=shop))
        assert session.get(Project, shop) is not None
    new(client, "F", job_id=foreign)
    new(client, "D", project_id="default")
    sight = Sight(everything=False, actor="user:ann", projects=frozenset({shop}))
    as_somebody(Principal("user:ann", EVERY, sight))
    new(client, "M", job_id=mine)
    new(client, "P", project_id=shop)
    new(client, "S", job_id=of_shop)
    assert [v["name"] for v in get(client, PATH)["data"]] == ["M", "P", "S"]
    refused(client.post(PATH, json={"name": "G", "value": ""}), 403)


# Jobs that name variables -----------------------------------------------------------------------


def test_a_job_may_name_variables_where_only_they_will_tell(client):
    new(client, "BASE", "https://shop.example")
    config = {"url": "${BASE}/health", "headers": {"X": "$${ESCAPED}"}}
    made = make(client, type="http", config=config)
    assert made["spec"]["url"] == "${BASE}/health"
    assert "warnings" not in made
    make(client, type="docker", config={"image": "${BASE}"})
    body = wish(type="http", config={"url": "${BASE}", "timeout": "${T}"})
    refused(client.post("/api/jobs", json=body), 400, "config.timeout")


def test_a_name_without_a_variable_is_told_when_the_job_is_saved(client):
    made = make(client, type="http", config={"url": "https://e.example/${NOPE}"})
    assert made["warnings"] == ["no variable applies to this job: ${NOPE} stays as it is written"]
    new(client, "OTHER", job_id=made["id"])
    config = {"url": "https://e.example/${NOPE}/${OTHER}"}
    changed = client.patch(f"/api/jobs/{made['id']}", json={"config": config}).json["data"]
    assert changed["warnings"] == [
        "no variable is there for ${NOPE}: an execution fails until there is one"
    ]
    assert "warnings" not in make(client, config={"script": "echo ${NOPE}"})


def test_an_address_that_is_forbidden_is_refused_with_a_variable_in_its_path_too(client):
    body = wish(type="http", config={"url": "http://169.254.169.254/${A}"})
    refused(client.post("/api/jobs", json=body), 400, "config.url")
