"""The look that counts a list finds its page where it has few rows: the page that reading finds."""

import pytest

from app.domain.clock import now
from app.services.listing import glance
from tests.support.api import fill, get, walk

ORDERS = [
    ("/api/jobs", by, order)
    for by in ("scheduled_at", "priority", "name", "last_ended_at")
    for order in ("asc", "desc")
] + [
    ("/api/executions", by, order)
    for by in ("started_at", "duration_ms")
    for order in ("asc", "desc")
]


def narrowed(path):
    """Return filters that let all through, whose total no counter knows."""
    if path == "/api/jobs":
        return {"created_to": now().isoformat(), "limit": 4}
    return {"queue": "default,other", "include": "all", "limit": 4}


@pytest.mark.parametrize(("path", "sort_by", "sort_order"), ORDERS)
def test_pages_that_were_counted_are_those_that_are_read(
    client, monkeypatch, path, sort_by, sort_order
):
    fill(21, per_job=1)
    query = narrowed(path) | {"sort_by": sort_by, "sort_order": sort_order}
    rows, totals = walk(client, path, **query)
    assert set(totals) == {21}
    offsets = [get(client, path, **query, offset=skip)["data"] for skip in (0, 7, 19, 20)]
    assert offsets == [rows[skip : skip + 4] for skip in (0, 7, 19, 20)]
    monkeypatch.setattr(glance, "COUNTED", 3)
    again, capped = walk(client, path, **query)
    assert [row["id"] for row in again] == [row["id"] for row in rows]
    assert set(capped) == {3}


def test_a_place_behind_the_end_has_no_rows_and_the_same_total(client):
    fill(5)
    page = get(client, "/api/jobs", created_to=now().isoformat(), offset=50)
    assert (page["data"], page["total"], page["next_cursor"]) == ([], 5, None)


def test_a_list_of_nothing_is_empty(client):
    fill(3)
    page = get(client, "/api/jobs", queue="none", sort_by="name")
    assert (page["data"], page["total"], page["next_cursor"]) == ([], 0, None)
