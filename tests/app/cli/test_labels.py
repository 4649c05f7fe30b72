"""Projects, tags, workers and the system from the command line."""

import json

import pytest

from tests.app.api.test_workers import register
from tests.app.cli.test_jobs import ended
from tests.support.api import get, make

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_project_lives_from_create_to_delete(oneoff, client):
    project_id = ended(oneoff("projects", "create", "shop", "--color", "#6366f1")).strip()
    job = make(client, project_id=project_id)
    ended(oneoff("projects", "edit", "shop", "--description", "sells", "--archive"))
    assert "shop" not in ended(oneoff("projects", "list"))
    assert "sells" in ended(oneoff("projects", "list", "--archived"))
    shown = ended(oneoff("projects", "show", "shop"))
    assert "#6366f1" in shown
    assert "archived" in shown
    assert json.loads(ended(oneoff("projects", "show", project_id, "--json")))["job_count"] == 1
    assert "--yes" in oneoff("projects", "delete", "shop").stderr
    ended(oneoff("projects", "delete", "shop", "--reassign-to", "Default Project", "--yes"))
    assert get(client, f"/api/jobs/{job['id']}")["data"]["project_id"] == "default"
    done = oneoff("projects", "delete", "default", "--yes")
    ended(done, 1)
    assert "Cannot delete default project" in done.stderr


def test_a_tag_lives_from_create_to_delete(oneoff):
    tag_id = ended(oneoff("tags", "create", "nightly", "--color", "#3b82f6")).strip()
    ended(oneoff("tags", "edit", "nightly", "--name", "weekly"))
    assert "weekly" in ended(oneoff("tags", "list"))
    assert json.loads(ended(oneoff("tags", "show", "weekly", "--json")))["id"] == tag_id
    assert "#3b82f6" in ended(oneoff("tags", "show", "weekly"))
    done = oneoff("tags", "edit", "weekly")
    assert (done.returncode, "say what to change" in done.stderr) == (2, True)
    ended(oneoff("tags", "delete", "weekly", "-y"))
    assert "weekly" not in ended(oneoff("tags", "list"))


def test_a_name_that_is_taken_is_refused(oneoff):
    done = oneoff("tags", "create", "backup")
    ended(done, 1)
    assert "another tag has this name" in done.stderr


def test_workers_are_listed_or_said_to_be_missing(oneoff):
    done = oneoff("workers")
    assert (ended(done), "No worker lives" in done.stderr) == ("", True)
    worker_id = register(("reports", "default"))
    (line,) = ended(oneoff("workers")).splitlines()[1:]
    assert line.split()[:5] == [worker_id, "prefork", "reports,", "default", "0/2"]
    assert json.loads(ended(oneoff("workers", "--json")))["data"][0]["id"] == worker_id


def test_the_system_is_shown_and_changed(oneoff):
    assert "none; no worker lives" in ended(oneoff("system", "status"))
    assert json.loads(ended(oneoff("system", "status", "--json")))["total_jobs"] == 0
    ended(oneoff("system", "config", "set", "default_timezone", "Europe/Berlin"))
    ended(oneoff("system", "config", "set", "default_priority", "7"))
    rows = json.loads(ended(oneoff("system", "config", "--json")))["data"]
    values = {row["key"]: row["value"] for row in rows}
    assert (values["default_timezone"], values["default_priority"]) == ('"Europe/Berlin"', "7")
    assert "default_priority" in ended(oneoff("system", "config"))
    done = oneoff("system", "config", "set", "default_priority", "many")
    ended(done, 1)
    assert "must be a whole number" in done.stderr
