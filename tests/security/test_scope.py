"""What somebody with limited sight may do, and what becomes of it."""

from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.db import reading, transaction
from app.domain.ids import new_id
from app.factory import create_app
from app.models import Execution, Job, User
from app.services import access
from app.services.access import Sight, sight
from app.settings import Settings
from tests.security import people
from tests.support.api import LATER, wish


@pytest.fixture
def bob(small):
    return small.callers[0]


@pytest.fixture
def user(small):
    """Somebody with the role user, in the project of bob's."""
    return people.person(small.root.client, "uma", "user", projects=[small.project])


def needs(answer):
    assert answer.status_code == 403, answer.text
    return answer.json["details"]["needs"]


def own_job(small, owner="user:uma", **over):
    made = small.root.post("/api/jobs", wish(**over))["data"]["id"]
    answer = small.root.open("PATCH", f"/api/jobs/{made}", json={"created_by": owner})
    assert answer.status_code == 200, answer.text
    return made


class TestOwnership:
    CHANGES: Any = (
        ("PATCH", "", {"name": "n"}, "job:write"),
        ("POST", "/pause", {}, "job:write"),
        ("POST", "/resume", {}, "job:write"),
        ("POST", "/start", {}, "job:write"),
        ("POST", "/stop", {}, "job:write"),
        ("POST", "/reschedule", {"scheduled_at": LATER}, "job:write"),
        ("POST", "/enable", {}, "job:write"),
        ("PUT", "/disable", {}, "job:write"),
        ("DELETE", "", None, "job:delete"),
    )

    def test_what_one_owns_can_be_changed_and_what_one_sees_cannot(self, small, user):
        seen, mine = small.own[0], own_job(small)
        hidden, unknown = small.own[1], new_id()
        for method, path, body, permission in self.CHANGES:
            own = user.open(method, f"/api/jobs/{mine}{path}", json=body)
            assert own.status_code in {200, 204, 409}, (path, own.text)
            others = user.open(method, f"/api/jobs/{seen}{path}", json=body)
            assert needs(others) == [permission], path
            for one in (hidden, unknown):
                answer = user.open(method, f"/api/jobs/{one}{path}", json=body)
                assert (answer.status_code, answer.json["error"]) == (404, "Job not found")
        assert user.open("GET", f"/api/jobs/{mine}").status_code == 404  # it was deleted
        assert user.get(f"/api/jobs/{seen}")["data"]["name"] == "bob's"

    def test_chains_likewise(self, small, user):
        body = {"name": "c", "job_ids": [small.own[0]], "project_id": small.project}
        chain = small.root.post("/api/chains", body)["data"]
        assert chain["created_by"] == "key:admin"
        path = f"/api/chains/{chain['id']}"
        assert needs(user.open("PATCH", path, json={"name": "x"})) == ["job:write"]
        assert needs(user.open("DELETE", path)) == ["job:delete"]
        given = small.root.open("PATCH", path, json={"created_by": "user:uma"})
        assert given.json["data"]["created_by"] == "user:uma"
        assert user.open("PATCH", path, json={"name": "x"}).json["data"]["name"] == "x"
        assert user.open("DELETE", path).status_code == 204

    def test_others_jobs_of_a_project_can_be_started_and_cancelled(self, small, user):
        seen = small.own[0]
        user.post(f"/api/jobs/{seen}/cancel")
        started = user.post(f"/api/jobs/{seen}/execute")["data"]["execution_id"]
        row = user.get(f"/api/executions/{started}")["data"]
        assert row["actor"] == "user:uma"
        user.post(f"/api/executions/{started}/cancel")

    def test_an_owner_can_give_a_job_away(self, small, user):
        mine = own_job(small)
        people.person(small.root.client, "zoe", "user")
        for nobody in ("user:nobody", "key:admin", "user:", "zoe"):
            answer = user.open("PATCH", f"/api/jobs/{mine}", json={"created_by": nobody})
            assert answer.status_code == 400, nobody
            assert [fault["field"] for fault in answer.json["details"]] == ["created_by"]
        given = user.open("PATCH", f"/api/jobs/{mine}", json={"created_by": "user:zoe"})
        assert given.json["data"]["created_by"] == "user:zoe"
        assert user.open("GET", f"/api/jobs/{mine}").status_code == 404

    def test_nothing_is_given_to_who_is_gone(self, small, user):
        mine = own_job(small)
        people.person(small.root.client, "gone", "user")
        with transaction() as session:
            session.execute(sa.update(User).where(User.username == "gone").values(is_active=False))
        answer = user.open("PATCH", f"/api/jobs/{mine}", json={"created_by": "user:gone"})
        assert answer.status_code == 400

    def test_a_new_job_has_no_owner_but_its_maker(self, small, bob):
        for path in ("/api/jobs", "/api/jobs/register"):
            body = wish(created_by="user:eve", external_id="x")
            answer = bob.open("POST", path, json=body)
            assert answer.status_code == 400, path
            assert answer.json["details"][0]["field"] == "created_by"

    def test_a_list_by_owner(self, small, user):
        mine = own_job(small, project_id=small.project)
        for wanted, found in (("me", [mine]), ("user:uma", [mine]), ("user:eve", [])):
            page = user.get("/api/jobs", created_by=wanted)
            assert [job["id"] for job in page["data"]] == found, wanted
            assert page["total"] == len(found)
        assert small.root.get("/api/jobs", created_by="me")["total"] == 1
        assert small.root.get("/api/jobs", created_by="user:uma")["total"] == 1
        refused = user.open("GET", "/api/jobs", query_string={"created_by": "uma"})
        assert refused.status_code == 400


class TestExecutions:
    def test_who_started_something_sees_what_came_of_it_when_the_job_is_out_of_sight(
        self, small, user
    ):
        user.post(f"/api/jobs/{small.own[0]}/cancel")
        started = user.post(f"/api/jobs/{small.own[0]}/execute")["data"]["execution_id"]
        _leave(small, "uma")
        people.until(lambda: user.open("GET", f"/api/jobs/{small.own[0]}").status_code == 404)
        assert user.get(f"/api/executions/{started}")["data"]["job_name"] == "bob's"
        assert user.get(f"/api/executions/{started}/why")["data"]["execution_id"] == started
        assert user.get("/api/executions", include="all")["total"] == 1
        user.post(f"/api/executions/{started}/cancel")
        replay = user.open("POST", f"/api/executions/{started}/replay", json={})
        assert replay.status_code == 404

    def test_what_a_job_runs_stays_in_the_sight_of_its_owner_whoever_starts_it(self, small, user):
        mine = own_job(small)
        body = {"name": "c", "job_ids": [mine, small.own[1]]}
        chain = small.root.post("/api/chains", body)["data"]["id"]
        small.root.post(f"/api/chains/{chain}/execute")
        assert user.get("/api/executions", job_id=mine, include="all")["total"] == 2
        assert user.open("GET", f"/api/chains/{chain}").status_code == 404

    def test_a_file_of_output_is_written_under_the_same_limits(self, full):
        hidden, mine = full.hidden["execution_id"][0], full.ann
        text = {"Accept": "text/plain"}
        shown = mine.open("GET", f"/api/executions/{hidden}/logs", headers=text)
        assert "zzmark line" in shown.text
        for caller in full.callers:
            answer = caller.open("GET", f"/api/executions/{hidden}/logs", headers=text)
            assert answer.status_code == 404
        with transaction() as session:
            full_actor = full.callers[1].name
            session.execute(
                sa.update(Execution).where(Execution.id == hidden).values(actor=full_actor)
            )
        answer = full.callers[1].open("GET", f"/api/executions/{hidden}/logs", headers=text)
        assert "zzmark line" in answer.text


def _leave(small, name):
    with transaction() as session:
        user = session.scalars(sa.select(User.id).where(User.username == name)).one()
        session.execute(
            sa.text("DELETE FROM project_members WHERE user_id = :user"), {"user": user}
        )
        access.changed(session)


class TestChains:
    def test_of_a_hidden_link_neither_name_nor_reason_is_told(self, full):
        bob = full.callers[0]
        body = {
            "name": "c",
            "project_id": full.project,
            "job_ids": [full.own[0], full.hidden["job_id"][0]],
        }
        assert bob.open("POST", "/api/chains", json=body).status_code == 400
        chain = full.root.post("/api/chains", body)["data"]["id"]
        shown = bob.get(f"/api/chains/{chain}")["data"]["links"]
        assert [link["job_name"] for link in shown] == ["bob's", None]
        full.root.post(f"/api/jobs/{full.own[0]}/cancel")
        run = bob.post(f"/api/chains/{chain}/execute")["data"]["chain_run_id"]
        detail = bob.open("GET", f"/api/chain-runs/{run}")
        assert "zzmark" not in detail.text
        assert [link["job_name"] for link in detail.json["data"]["links"]] == ["bob's", None]
        assert bob.post(f"/api/chain-runs/{run}/cancel")["data"]["status"] == "cancelled"


class TestProjects:
    def test_a_key_of_one_project_makes_things_there_and_nowhere_else(self, small):
        key = small.callers[2]
        assert key.post("/api/jobs", wish())["data"]["project_id"] == small.project
        link = {"name": "c", "job_ids": [small.own[0]]}
        assert key.post("/api/chains", link)["data"]["project_id"] == small.project
        enqueued = key.post("/api/enqueue", {"payload": {"type": "shell", "script": "true"}})
        assert enqueued["data"]["project_id"] == small.project
        for body in (wish(project_id="default"), wish(project_id=new_id())):
            answer = key.open("POST", "/api/jobs", json=body)
            assert answer.json["details"][0]["message"] == "there is no such project"
        job = small.own[0]
        moved = key.open("PATCH", f"/api/jobs/{job}", json={"project_id": "default"})
        assert moved.status_code == 400
        assert key.open("POST", "/api/projects", json={"name": "x"}).status_code == 403
        assert [p["id"] for p in key.get("/api/projects")["data"]] == [small.project]

    def test_a_key_of_one_project_changes_nothing_of_the_installation(self, small):
        key = small.callers[2]
        for path in ("/api/api-keys", "/api/system/config"):
            assert key.open("GET", path).status_code == 403
        assert key.open("POST", "/api/api-keys", json={"name": "more"}).status_code == 403

    def test_who_makes_a_project_is_its_member(self, small, bob):
        made = bob.post("/api/projects", {"name": "second"})["data"]["id"]
        path = f"/api/projects/{made}"
        people.until(lambda: bob.open("GET", path).status_code == 200)
        assert bob.open("PATCH", path, json={"name": "2"}).status_code == 200

    def test_only_members_change_a_project(self, small):
        eve = small.callers[1]
        for method, path in (("PATCH", ""), ("DELETE", "")):
            body = {"description": "x"} if method == "PATCH" else None
            answer = eve.open(method, f"/api/projects/default{path}", json=body)
            assert needs(answer) == ["membership"]

    def test_a_project_is_not_emptied_into_one_that_is_not_the_callers(self, small, bob):
        other = small.root.post("/api/projects", {"name": "other"})["data"]["id"]
        path = f"/api/projects/{small.project}"
        hidden = bob.open("DELETE", path, query_string={"reassign_to": other})
        assert hidden.status_code == 400
        seen = bob.open("DELETE", path, query_string={"reassign_to": "default"})
        assert needs(seen) == ["membership"]
        assert small.root.get(f"/api/jobs/{small.own[0]}")["data"]["project_id"] == small.project
        small.root.post(f"/api/jobs/{small.own[0]}/cancel")
        assert bob.open("DELETE", path).status_code == 204
        assert small.root.open("GET", f"/api/jobs/{small.own[0]}").status_code == 404

    def test_a_webhook_is_for_who_sees_all_that_it_tells(self, small, bob):
        body = {"name": "w", "url": "https://w.example/", "events": ["job.failed"]}
        for project in (None, "default", new_id()):
            given = body if project is None else body | {"project_id": project}
            answer = bob.open("POST", "/api/webhooks", json=given)
            assert answer.json["details"][0]["field"] == "project_id", project
        made = bob.post("/api/webhooks", body | {"project_id": small.project})["data"]["id"]
        moved = bob.open("PATCH", f"/api/webhooks/{made}", json={"project_id": None})
        assert moved.status_code == 400
        assert small.callers[1].open("GET", f"/api/webhooks/{made}").status_code == 404

    def test_a_tag_that_others_use_is_not_changed(self, small, bob):
        path = f"/api/tags/{small.tag_id}"
        assert needs(bob.open("PATCH", path, json={"name": "x"})) == ["membership"]
        assert needs(bob.open("DELETE", path)) == ["membership"]
        own = bob.post("/api/tags", {"name": "own"})["data"]["id"]
        assert bob.open("DELETE", f"/api/tags/{own}").status_code == 204


class TestBulk:
    def test_many_are_made_where_one_may(self, small, bob):
        other = small.root.post("/api/projects", {"name": "other"})["data"]["id"]
        body = [wish(project_id=small.project), wish(project_id=other), wish(external_id="e")]
        made = bob.post("/api/jobs/bulk", body)
        assert [item["status"] for item in made["data"]] == [201, 400, 201]

    def test_a_clone_of_what_is_hidden_is_not_made(self, small, bob):
        answer = bob.open("POST", f"/api/jobs/{small.own[1]}/clone", json={})
        assert answer.status_code == 404
        clone = bob.post(f"/api/jobs/{small.own[0]}/clone", {"scheduled_at": LATER})["data"]
        assert (clone["created_by"], clone["project_id"]) == ("user:bob", small.project)

    def test_a_hidden_job_keeps_its_external_id_and_its_own_id_to_itself(self, small, bob):
        small.root.post("/api/jobs", wish(external_id="taken", name="secret"))
        for path in ("/api/jobs", "/api/jobs/register"):
            answer = bob.open("POST", path, json=wish(external_id="taken"))
            assert (answer.status_code, answer.json["details"]) == (409, None)
        item = bob.post("/api/jobs/bulk", [wish(external_id="taken")])["data"][0]
        assert (item["status"], item["error"]["details"]) == (409, None)

    def test_a_sync_neither_changes_nor_prunes_what_is_hidden(self, small, bob):
        hidden = small.root.post("/api/jobs", wish(external_id="h", name="secret"))["data"]["id"]
        listed = {"source": "s", "prune": True, "jobs": [wish(external_id="h", name="secret")]}
        small.root.post("/api/jobs/sync", listed)
        wanted = listed | {"jobs": [wish(external_id="h", name="mine"), wish(external_id="b")]}
        done = bob.post("/api/jobs/sync", wanted)["data"]
        assert [item["outcome"] for item in done["items"]] == ["refused", "created"]
        assert "secret" not in str(done)
        done = bob.post("/api/jobs/sync", wanted | {"jobs": [wish(external_id="c")]})["data"]
        assert {item["outcome"] for item in done["items"]} == {"created", "deleted"}
        assert small.root.get(f"/api/jobs/{hidden}")["data"]["name"] == "secret"

    def test_dead_letters_of_others_are_neither_replayed_nor_discarded(self, full):
        before = full.ann.get("/api/dead-letters")["total"]
        assert before == 2
        for caller in full.callers:
            for verb in ("replay", "discard"):
                for body in ({}, {"job_id": full.hidden["job_id"][0]}, {"dry_run": True}):
                    path = f"/api/dead-letters/{verb}"
                    answer = caller.open("POST", path, json={"limit": 100, **body})
                    if answer.status_code == 400:
                        answer = caller.open("POST", path, json={"all": True, **body})
                    assert answer.status_code == 200, answer.text
                    report = answer.json["data"]
                    assert (report["done"], report["remaining"]) == (0, 0)
        assert full.ann.get("/api/dead-letters")["total"] == before


class TestSight:
    def test_who_sees_everything_asks_the_same_queries_as_ever(self, small):
        assert _statements(small.root) == _statements_of_nobody(small)

    def test_a_query_that_can_not_be_limited_is_refused(self, small):
        sight.enter(Sight(everything=False, actor="user:bob"))
        try:
            for query in (sa.text("SELECT * FROM jobs"), sa.select(Job.__table__.c.id)):
                with reading() as session, pytest.raises(RuntimeError):
                    session.execute(query)
            with reading() as session, sight.unlimited():
                assert len(session.execute(sa.select(Job.__table__.c.id)).all()) == 2
            with reading() as session:
                assert session.scalars(sa.select(Job.id)).all() == []
        finally:
            sight.leave()

    def test_a_thread_forgets_whom_it_served(self, small, user):
        user.get("/api/jobs")
        assert sight.limited() is None

    @pytest.mark.parametrize("who", ["user:bob", "user:a%b"])
    def test_the_indexes_of_people_serve(self, small, who):
        plan = _plan(sa.select(Job.id), who) + _plan(sa.select(Execution.id), who)
        assert "ix_jobs_created_by" in plan
        assert "ix_executions_actor" in plan


def _plan(query, who):
    """Return how the database would look for what somebody owns."""
    found = []
    note = lambda conn, cursor, sql, values, *_: found.append((sql, values))  # noqa: E731
    sight.enter(Sight(everything=False, actor=who))
    sa.event.listen(db.engine(), "before_cursor_execute", note)
    try:
        with reading() as session:
            session.execute(query).all()
    finally:
        sa.event.remove(db.engine(), "before_cursor_execute", note)
        sight.leave()
    sql, values = found[-1]
    with db.engine().connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
        return str(connection.exec_driver_sql(explain + sql, values).all())


def _statements(caller):
    found = []
    note = lambda conn, cursor, sql, *_: found.append(sql)  # noqa: E731
    caller.get("/api/jobs")
    sa.event.listen(db.engine(), "before_cursor_execute", note)
    for path in ("/api/jobs", "/api/executions", "/api/stats", "/api/projects", "/api/queues"):
        caller.get(path)
    sa.event.remove(db.engine(), "before_cursor_execute", note)
    return [sql for sql in found if "installation" not in sql]


def _statements_of_nobody(small):
    """Return the queries of an API that asks for no keys."""

    client = create_app(Settings()).test_client()
    return _statements(people.Caller("anonymous", "", client))
