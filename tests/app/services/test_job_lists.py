"""How lists of jobs are read: by the index that leads to the fewest rows, counted once."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.db import reading
from app.models import Job
from app.services import search
from app.services.jobs import lists
from app.services.jobs.lists import JobFilters
from tests.app.api.test_lists import plan_of
from tests.support.api import get, make


def plan_for(**given):

    values: dict[str, Any] = {name: (value,) for name, value in given.items()}
    filters = JobFilters(**values)
    with reading() as session:
        where = lists._columns(filters, lists._leading(session, filters))
        return plan_of(session, sa.select(Job.id).where(*where))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_index_with_the_fewest_rows_leads(client):
    small = client.post("/api/projects", json={"name": "small"}).json["data"]["id"]
    make(client, project_id=small)
    for _ in range(5):
        make(client)
    cancelled = make(client)
    client.post(f"/api/jobs/{cancelled['id']}/cancel")
    make(client)
    wide = {"status": "scheduled", "type": "shell"}
    assert "ix_jobs_project_id" in plan_for(project_id=small, **wide)
    assert "ix_jobs_status" in plan_for(project_id="default", status="cancelled")
    assert "ix_jobs_status" in plan_for(status="cancelled", type="shell")
    assert "ix_jobs_type" in plan_for(type="shell")


def test_a_narrowed_list_has_the_same_total_counted_once_or_with_more(client, monkeypatch):
    monkeypatch.setattr(search, "FEW", 2)
    tag = client.post("/api/tags", json={"name": "t"}).json["data"]["id"]
    other = client.post("/api/tags", json={"name": "u"}).json["data"]["id"]
    for number in range(6):
        make(client, name=f"report {number}", tag_ids=[tag, other][: 1 + number % 2])
    make(client, name="else")
    for query, total in (
        ({"search": "report"}, 6),
        ({"search": "report", "status": "scheduled"}, 6),
        ({"search": "re"}, 6),
        ({"search": "5"}, 1),
        ({"search": "none of them"}, 0),
        ({"tag_id": tag}, 6),
        ({"tag_id": other}, 3),
        ({"tag_id": [tag, other]}, 6),
        ({"tag_id": tag, "search": "report"}, 6),
        ({"tag_id": tag, "status": "failed"}, 0),
    ):
        page = get(client, "/api/jobs", **query)
        assert (page["total"], len(page["data"])) == (total, total), query
        assert not page.get("total_is_capped"), query


def test_a_common_word_is_not_counted_to_its_end(client, monkeypatch):
    for number in range(6):
        make(client, name=f"report {number}")
    for module in (lists, search):
        monkeypatch.setattr(module, "COUNTED", 4)
    monkeypatch.setattr("app.services.listing.glance.COUNTED", 4)
    page = get(client, "/api/jobs", search="report")
    assert (page["total"], page["total_is_capped"], len(page["data"])) == (4, True, 6)
