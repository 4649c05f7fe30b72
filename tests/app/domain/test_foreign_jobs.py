"""Definitions of jobs in the words of another scheduler."""

import pytest

from app.domain.foreign_jobs import translated

THEIRS = {"Id": "nightly", "TriggerEndpoint": "http://backend/run", "Name": "Nightly"}


def test_what_it_says_is_put_into_our_words():
    made = translated(
        THEIRS
        | {"IsPeriodic": True, "Schedule": " 0 9 * * * ", "MaxRuntime": 60, "AutoStart": False}
    )
    assert made == {
        "external_id": "nightly",
        "name": "Nightly",
        "type": "http",
        "config": {"method": "GET", "url": "http://backend/run"},
        "auto_start": False,
        "timeout_seconds": 60,
        "schedule": {"type": "cron", "expression": "0 9 * * *"},
    }


def test_names_are_read_in_any_case_and_the_name_may_be_missing():
    made = translated({"id": "x", "triggerEndpoint": "http://b/"})
    assert (made["external_id"], made["name"], made["auto_start"]) == ("x", "x", True)
    assert made["schedule"] == {"type": "manual"}
    assert "timeout_seconds" not in made


@pytest.mark.parametrize(
    ("periodic", "when"),
    [
        (False, {"scheduled_at": "2100-01-01T00:00:00Z"}),
        (None, {"scheduled_at": "2100-01-01T00:00:00Z"}),
        ("False", {"scheduled_at": "2100-01-01T00:00:00Z"}),
        ("true", {"schedule": {"type": "cron", "expression": "2100-01-01T00:00:00Z"}}),
    ],
)
def test_what_does_not_recur_has_a_moment(periodic, when):
    given = THEIRS | {"isPeriodic": periodic, "schedule": "2100-01-01T00:00:00Z"}
    made = translated(given)
    assert {n: made[n] for n in ("schedule", "scheduled_at") if n in made} == when


@pytest.mark.parametrize(
    ("said", "meant"), [("false", False), ("TRUE", True), (True, True), (0, 0), ("maybe", "maybe")]
)
def test_a_flag_is_what_it_says_and_never_what_it_only_looks_like(said, meant):
    assert translated(THEIRS | {"autoStart": said})["auto_start"] is meant


@pytest.mark.parametrize(
    "item",
    [
        {"name": "x", "type": "shell", "config": {}},
        {"id": "x", "triggerEndpoint": "http://b/", "external_id": "y"},
        {"id": "x"},
        *({}, [], "x", None, 7),
    ],
)
def test_what_is_in_our_words_or_in_none_stays_as_it_is(item):
    assert translated(item) is item
