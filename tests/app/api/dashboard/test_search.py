"""Finding things by a few letters, over HTTP."""

import pytest

from app.db import transaction
from app.domain.clock import now
from app.services import finding
from app.services.finding import jobs as job_hits
from tests.support.api import claim_one, get, make, refused, settle
from tests.support.people import make_user
from tests.support.rows import make_execution, make_job


def found(client, text, *kinds, **query):
    chosen = {"kind": list(kinds)} if kinds else {}
    return get(client, "/api/search", q=text, **chosen, **query)["data"]


def titles(hits):
    return [hit["title"] for hit in hits]


class TestJobs:
    def test_what_begins_so_comes_first(self, client):
        for name in ("late-vacuum", "vacuum-ledger", "Vacuum", "revacuum", "other"):
            make(client, name=name)
        hits = found(client, "vacuum")
        assert titles(hits) == ["Vacuum", "vacuum-ledger", "late-vacuum", "revacuum"]
        assert hits[0].keys() >= {"kind", "id", "title", "subtitle", "status", "type"}
        assert (hits[0]["kind"], hits[0]["type"], hits[0]["subtitle"]) == (
            "job",
            "shell",
            "Default Project",
        )

    @pytest.mark.parametrize("text", ["dong bo", "ĐỒNG BỘ", "Đo\u0302\u0300ng", "do", "d"])
    def test_tones_make_no_difference(self, client, text):
        make(client, name="Đồng bộ kho hàng")
        make(client, name="sales")
        assert titles(found(client, text)) == ["Đồng bộ kho hàng"]
        listed = get(client, "/api/jobs", search=text)["data"]
        assert [job["name"] for job in listed] == ["Đồng bộ kho hàng"]

    def test_a_name_that_changed_is_found_by_its_new_one(self, client):
        job = make(client, name="first")
        client.patch(f"/api/jobs/{job['id']}", json={"name": "Nhập kho"})
        assert titles(found(client, "nhap")) == ["Nhập kho"]
        assert found(client, "first") == []

    def test_the_beginning_of_an_id_will_do(self, client):
        job = make(client, name="some")
        assert titles(found(client, job["id"][:28], "job")) == ["some"]
        assert found(client, "abcdef01", "job") == []

    def test_a_percent_sign_is_no_wildcard(self, client):
        make(client, name="ninety")
        make(client, name="90% done")
        for text in ("%", "0%", "90% d"):
            assert titles(found(client, text)) == ["90% done"]

    @pytest.mark.parametrize("text", ["\\", "\\x", "c\\x", "C:\\X"])
    def test_a_backslash_is_a_letter_like_others(self, client, text):
        make(client, name="c:\\xa")
        make(client, name="cxa")
        expected = [] if text == "c\\x" else ["c:\\xa"]
        assert titles(found(client, text)) == expected

    def test_few_letters_are_looked_for_among_the_newest(self, client, monkeypatch):
        monkeypatch.setattr(job_hits, "NEWEST", 2)
        for name in ("b old", "my b", "my c"):
            make(client, name=name)
        assert titles(found(client, "b")) == ["b old", "my b"]  # the first begins with it
        assert sorted(titles(found(client, "y"))) == ["my b", "my c"]

    def test_so_many_as_wanted(self, client):
        for number in range(5):
            make(client, name=f"job {number}")
        assert len(found(client, "job", limit=3)) == 3

    def test_all_names_are_told_unless_they_are_too_many(self, client, monkeypatch):
        for name in ("b", "a"):
            make(client, name=name)
        told = get(client, "/api/search/names")["data"]
        assert (titles(told["jobs"]), told["is_complete"]) == (["a", "b"], True)
        monkeypatch.setattr(job_hits, "MOST_NAMED", 1)
        told = get(client, "/api/search/names")["data"]
        assert (told["jobs"], told["is_complete"]) == ([], False)


class TestExecutions:
    def test_by_number_of_any_job_or_of_one(self, client):
        with transaction() as session:
            for name in ("export", "import"):
                job = make_job(session, name=name, last_number=412)
                make_execution(session, job, "completed", number=412)
                make_execution(session, job, "completed", number=41)
        assert sorted(titles(found(client, "#412"))) == ["export #412", "import #412"]
        assert titles(found(client, "exp #412")) == ["export #412"]
        assert titles(found(client, "export#41")) == ["export #41"]
        assert found(client, "#413") == []
        assert found(client, "#") == []

    def test_by_the_beginning_of_an_id(self, client):
        with transaction() as session:
            row_id = make_execution(session, make_job(session, name="x"), "failed", number=7)
        (hit,) = found(client, row_id[:30], "execution")
        assert (hit["title"], hit["status"]) == ("x #7", "failed")

    def test_by_what_went_wrong_of_late(self, client):
        make(client, name="a", scheduled_at="now")
        settle(claim_one(), "failed", error="deadlock detected\nsecond line")
        (hit,) = found(client, "DEADLOCK")
        assert (hit["kind"], hit["title"]) == ("execution", "a #1")
        assert hit["subtitle"] == "deadlock detected"


def test_errors_of_dead_letters_are_found_as_groups(client):
    with transaction() as session:
        job = make_job(session, name="crm")
        for number in (1, 2):
            make_execution(
                session,
                job,
                "dead_letter",
                number=number,
                error="field «phone» is wrong",
                fingerprint="f" * 32,
                completed_at=now(),
            )
    (hit,) = found(client, "phone", "error")
    assert (hit["id"], hit["count"], hit["subtitle"]) == ("f" * 32, 2, "crm")


def test_chains_are_found(client):
    job = make(client, name="link")
    client.post("/api/chains", json={"name": "Cuối tháng", "job_ids": [job["id"]]})
    assert [(hit["kind"], hit["title"]) for hit in found(client, "cuoi")] == [
        ("chain", "Cuối tháng")
    ]


def test_people_are_found_by_who_may_see_them(client):
    make_user("linh.mai", email="mai@example.com")
    assert titles(found(client, "@linh")) == ["linh.mai"]
    assert titles(found(client, "example", "person")) == ["linh.mai"]


@pytest.mark.usefixtures("database")
def test_only_what_one_may_read_is_looked_for():
    with transaction() as session:
        make_job(session, name="seen")
        hits = finding.find(session, "seen", finding.KINDS, 5, lambda one: one == "job:read")
        assert [hit["kind"] for hit in hits] == ["job"]
        assert finding.find(session, "seen", finding.KINDS, 5, lambda _: False) == []
        assert finding.find(session, " ", finding.KINDS, 5, lambda _: True) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [({}, "q"), ({"q": "x" * 201}, "q"), ({"q": "x", "limit": 51}, "limit")],
)
def test_a_wish_without_bounds_is_refused(client, query, field):
    refused(client.get("/api/search", query_string=query), 400, field)


@pytest.mark.parametrize("query", [{}, {"q": ""}])
def test_of_what_was_not_given_no_value_is_told(client, query):
    details = refused(client.get("/api/search", query_string=query), 400)["details"]
    assert details == [{"field": "q", "message": "missing required field"}]


def test_an_unknown_kind_is_refused(client):
    answer = client.get("/api/search", query_string={"q": "x", "kind": "cat"})
    assert refused(answer, 400)["details"][0]["field"].startswith("kind")
