"""Schedules tried from the command line."""

import json

import pytest

from tests.app.cli.test_jobs import ended

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PREVIEW = ("schedule", "preview")


def test_a_cron_expression_is_told_in_words_and_moments(oneoff, client):
    words = ("0 9 * * MON-FRI", "--tz", "Europe/Berlin", "--from", "2030-03-29T12:00:00Z")
    done = oneoff(*PREVIEW, *words, "--count", 2)
    lines = ended(done).splitlines()
    assert "Europe/Berlin" in lines[0]
    assert lines[1].startswith("2030-04-01T07:00:00.000Z (in ")
    assert lines[1].endswith("2030-04-01T09:00:00+02:00")
    assert len(lines) == 3
    assert "2030-03-31T01:00:00.000Z" in done.stderr


def test_warnings_stand_beside_the_answer(oneoff, client):
    done = oneoff(*PREVIEW, "0 0 9 * * *")
    assert len(ended(done).splitlines()) == 11
    assert "Warning: has six fields" in done.stderr
    assert "Warning" not in done.stdout


def test_quartz_is_read_as_quartz(oneoff, client):
    words = ("0 0 9 ? * 2", "--dialect", "quartz", "--count", 1, "--json")
    shown = json.loads(ended(oneoff(*PREVIEW, *words)))
    assert "Monday" in shown["words"]["en"]
    assert shown["warnings"] == []


@pytest.mark.parametrize("given", ["@schedule.json", "-", '{"type": "calendar", "hours": [3]}'])
def test_a_whole_schedule_from_wherever_it_is(oneoff, client, tmp_path, given):
    text = '{"type": "calendar", "hours": [3]}'
    (tmp_path / "schedule.json").write_text(text)
    done = oneoff(*PREVIEW, "--json-schedule", given, "--count", 1, "--json", text=text)
    (due,) = json.loads(ended(done))["next"]
    assert "T03:" in due["local"]


def test_a_blackout_and_no_moment_at_all_are_told(oneoff, client):
    black = {
        "type": "fixed_rate",
        "interval_seconds": 86400,
        "blackouts": [{"from": "1970-01-01", "to": "2999-12-31"}],
    }
    done = oneoff(*PREVIEW, "--json-schedule", json.dumps(black), "--count", 1)
    assert "passes: " in ended(done)
    assert "all in blackouts" in done.stderr
    done = oneoff(*PREVIEW, "--json-schedule", '{"type": "manual"}')
    assert len(ended(done).splitlines()) == 1
    assert "no due moment" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "either a cron expression or --json-schedule"),
        (("0 9 * * *", "--json-schedule", "{}"), 2, "either a cron expression"),
        (("--json-schedule", "{}", "--dialect", "quartz"), 2, "--dialect is for a cron"),
        (("--json-schedule", "[]"), 2, "must be a JSON object"),
        (("0 9 * * *", "--count", "101"), 2, "101"),
        (("60 9 * * *",), 1, "schedule.expression"),
        (("0 9 * * *", "--tz", "Europe/Berln"), 1, "Europe/Berlin"),
    ],
)
def test_what_can_not_be_meant_is_told(oneoff, client, words, code, says):
    done = oneoff(*PREVIEW, *words)
    assert ended(done, code) == ""
    assert says in done.stderr
