"""Jobs from the command line, to the end of their lives."""

import json
import re

import pytest

from app.db import transaction
from app.domain.clock import now
from app.services.usage import rollups, samples
from app.services.usage.samples import Sample
from app.settings import Settings
from tests.support.api import LATER, claim_one, get, make, rows_of, settle

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LIST = "/api/jobs"


def ended(done, code=0):
    """Assert how a command ended; return what it printed."""
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def created(done, client):
    """Return the job that a command says it made."""
    return get(client, f"{LIST}/{ended(done).strip()}")["data"]


class TestCreate:
    def test_a_script_with_everything(self, oneoff, client):
        client.post("/api/projects", json={"name": "shop"})
        client.post("/api/tags", json={"name": "nightly"})
        done = oneoff(
            *("jobs", "create", "--name", "a backup", "--script", "echo $1 $A", "--at", LATER),
            *("--arg", "-x", "--arg", "y z", "--env", "A=b=c", "--env", "E=", "--workdir", "/tmp"),
            *("--priority", 8, "--project", "shop", "--tag", "nightly", "--tag", "backup"),
            *("--timeout", 60, "--queue", "slow", "--on-lost", "retry", "--overlap", "queue"),
            *("--description", "d", "--external-id", "x-1", "--timezone", "Asia/Tokyo"),
            *("--keep-last", 3, "--retention-days", 7, "--disabled"),
        )
        job = created(done, client)
        assert (job["type"], job["name"], job["enabled"]) == ("shell", "a backup", False)
        assert job["spec"]["script"] == "echo $1 $A"
        assert (job["spec"]["args"], job["spec"]["workdir"]) == (["-x", "y z"], "/tmp")
        assert job["spec"]["env"] == {"A": "b=c", "E": ""}
        assert (job["priority"], job["queue"], job["timeout_seconds"]) == (8, "slow", 60)
        assert (job["on_lost"], job["overlap"]) == ("retry", "queue")
        assert (job["keep_last"], job["retention_days"]) == (3, 7)
        assert [tag["name"] for tag in job["tags"]] == ["backup", "nightly"]
        assert job["project_id"] != "default"

    def test_it_runs_now_unless_told_when(self, oneoff, client):
        job = created(oneoff("jobs", "create", "--name", "x", "--script", "true"), client)
        assert rows_of(client, job["id"])[0]["status"] == "queued"
        span = oneoff("jobs", "create", "--name", "x", "--script", "true", "--at", "+1h30m")
        assert created(span, client)["status"] == "scheduled"

    def test_a_call_of_an_address(self, oneoff, client):
        done = oneoff(
            *("jobs", "create", "--name", "x", "--at", LATER, "--url", "https://example.com/a"),
            *("--method", "POST", "--header", "Content-Type: text/plain", "--body", "a=b"),
        )
        spec = created(done, client)["spec"]
        assert (spec["url"], spec["method"]) == ("https://example.com/a", "POST")
        assert (spec["headers"], spec["body"]) == ({"Content-Type": "text/plain"}, "a=b")

    def test_a_whole_definition_and_options_over_it(self, oneoff, client, tmp_path):
        job = {"name": "x", "type": "shell", "config": '{"script": "a", "env": {"A": "1"}}'}
        (tmp_path / "job.json").write_text(json.dumps(job | {"scheduled_at": LATER}))
        done = oneoff("jobs", "create", "--file", "job.json", "--name", "y", "--env", "B=2")
        made = created(done, client)
        assert (made["name"], made["spec"]["env"]) == ("y", {"A": "1", "B": "2"})

    @pytest.mark.parametrize("given", ["@config.json", "-", '{"script": "true"}'])
    def test_a_config_from_wherever_it_is(self, oneoff, client, tmp_path, given):
        config = '{"script": "true"}'
        (tmp_path / "config.json").write_text(config)
        words = ("jobs", "create", "--name", "x", "--type", "shell", "--at", LATER)
        job = created(oneoff(*words, "--config", given, text=config), client)
        assert job["spec"]["script"] == "true"

    def test_the_script_of_a_file(self, oneoff, client, tmp_path):
        (tmp_path / "a.sh").write_text("#!/bin/sh\necho ü\n")
        words = ("jobs", "create", "--name", "x", "--at", LATER, "--script-file", "a.sh")
        assert created(oneoff(*words), client)["spec"]["script"] == "#!/bin/sh\necho ü\n"

    def test_with_json_the_whole_job_is_printed(self, oneoff):
        words = ("jobs", "create", "--name", "x", "--script", "true", "--at", LATER, "--json")
        assert json.loads(ended(oneoff(*words)))["name"] == "x"

    def test_what_the_server_refuses_is_listed_one_a_line(self, oneoff, client):
        words = ("jobs", "create", "--name", "x", "--script", " ", "--priority", "99")
        done = oneoff(*words, "--at", "2001-01-01T00:00:00Z")
        assert ended(done, 1) == ""
        lines = done.stderr.splitlines()
        assert lines[0] == "Error: the server refused this:"
        assert any("config.script" in line for line in lines)
        assert any("priority must be between 1 and 10" in line for line in lines)
        assert get(client, LIST)["total"] == 0

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("--script", "x", "--url", "http://x"), "--script and --url"),
            (("--type", "http", "--script", "x"), "--script is for shell jobs"),
            (("--script", "x", "--script-file", "y"), "say the same"),
            (("--priority", "5"), "say what to run"),
            (("--script", "x", "--at", "+soon"), "+10m"),
            (("--script", "x", "--timeout", "long"), "no whole number"),
            (("--file", "jobs.json"), "oneoff jobs bulk"),
        ],
    )
    def test_what_can_not_be_meant_is_exit_2(self, oneoff, tmp_path, words, says):
        (tmp_path / "jobs.json").write_text("[]")
        done = oneoff("jobs", "create", "--name", "x", *words)
        assert ended(done, 2) == ""
        assert says in done.stderr

    @pytest.mark.parametrize(("option", "kind"), [("--project", "project"), ("--tag", "tag")])
    def test_names_that_do_not_exist_are_told(self, oneoff, option, kind):
        done = oneoff("jobs", "create", "--name", "x", "--script", "x", option, "nowhere")
        ended(done, 1)
        assert f"there is no {kind} named 'nowhere'" in done.stderr


class TestLook:
    def test_the_figures_of_a_job(self, oneoff, client):
        job = make(client, name="nightly", scheduled_at="now")
        for verdict in ("completed", "completed", "failed"):
            settle(claim_one(), verdict)
            client.post(f"{LIST}/{job['id']}/execute")
        shown = ended(oneoff("jobs", "stats", "nightly", "--days", 7))
        figures = dict(re.split(r"  +", line, maxsplit=1) for line in shown.splitlines())
        assert (figures["ended"], figures["failed"], figures["missed"]) == ("3", "1", "0")
        assert (figures["success rate"], figures["failures in a row"]) == ("66.6 %", "1")
        found = json.loads(ended(oneoff("jobs", "stats", job["id"], "--json")))
        assert (found["total"], found["consecutive_failures"]) == (3, 1)
        assert "66.6 %" in ended(oneoff("jobs", "show", "nightly"))
        ended(oneoff("jobs", "stats", "nightly", "--days", 401), 2)

    def test_what_a_job_and_an_execution_use(self, oneoff, client):
        job = make(client, name="nightly", scheduled_at="now")
        nothing = ended(oneoff("jobs", "metrics", "nightly"))
        assert "Nothing has ended in this time." in nothing
        claim = claim_one()
        with transaction() as session:
            samples.write(session, claim.id, claim.epoch, [Sample(now(), 150.0, 2**20, 12.5)])
        settle(claim, duration_ms=2000, cpu_seconds=1.0, max_rss_bytes=3 * 2**20)
        rollups.roll_up(Settings())
        _, row = ended(oneoff("jobs", "metrics", "nightly", "--days", 7)).splitlines()
        figures = "1 0 100 % 2.0 s 2.0 s 50.0 % 50.0 % 3.0 MiB 3.0 MiB"
        assert row.split()[2:] == figures.split()
        found = json.loads(ended(oneoff("jobs", "metrics", job["id"], "--by", "hour", "--json")))
        assert found["total"]["run_count"] == 1
        shown = ended(oneoff("executions", "metrics", claim.id))
        assert re.search(r":\d\d +150\.0 % +1\.0 MiB +12\.5 %\n", shown)
        assert re.search(r"memory at most +3\.0 MiB", shown)
        found = json.loads(ended(oneoff("executions", "metrics", claim.id, "--json")))
        assert found["data"][0]["cpu_percent"] == 150.0

    def test_a_list_is_a_table_and_filters(self, oneoff, client):
        make(client, name="first", priority=9)
        make(client, name="second")
        lines = ended(oneoff("jobs", "list", "--search", "FIRST")).splitlines()
        assert lines[0].split() == ["ID", "NAME", "TYPE", "STATUS", "DUE", "PRIORITY", "LAST"]
        assert (len(lines), "first" in lines[1], "in 2" in lines[1]) == (2, True, True)
        shown = json.loads(ended(oneoff("jobs", "list", "--json", "--sort", "priority")))
        assert [job["name"] for job in shown["data"]] == ["second", "first"]
        assert shown["total"] == 2

    def test_a_part_is_said_to_be_one_and_all_are_shown(self, oneoff, client):
        for number in range(3):
            make(client, name=f"job {number}")
        done = oneoff("jobs", "list", "--limit", 2)
        assert "2 of 3" in done.stderr
        whole = json.loads(ended(oneoff("jobs", "list", "--all", "--json")))
        assert (len(whole["data"]), whole["next_cursor"]) == (3, None)

    def test_nothing_is_said_to_be_nothing(self, oneoff):
        done = oneoff("jobs", "list", "--status", "failed")
        assert (ended(done), "no such jobs" in done.stderr) == ("", True)
        assert json.loads(ended(oneoff("jobs", "list", "--json")))["data"] == []

    def test_one_is_shown_by_name_and_by_id_with_dashes(self, oneoff, client):
        job = make(client, name="nightly backup", description="all of it")
        for word in ("nightly backup", job["id"], f"{job['id'][:8]}-{job['id'][8:]}".upper()):
            shown = ended(oneoff("jobs", "show", word))
            assert "all of it" in shown
            assert "2100-01-01T00:00:00.000Z (in " in shown
            assert "  echo hi" in shown

    def test_a_name_of_two_is_refused_with_their_ids(self, oneoff, client):
        ids = [make(client, name="twin")["id"] for _ in range(2)]
        done = oneoff("jobs", "show", "twin")
        ended(done, 1)
        assert all(one in done.stderr for one in ids)
        assert "default" in oneoff("jobs", "show", "default").stderr


class TestChange:
    def test_what_is_not_given_stays(self, oneoff, client):
        job = make(client, config={"script": "a", "env": {"A": "1"}, "args": ["x"]})
        words = ("--env", "B=2", "--priority", 2, "--timeout", 9, "--name", "new", "--disable")
        ended(oneoff("jobs", "edit", job["id"], *words))
        changed = get(client, f"{LIST}/{job['id']}")["data"]
        assert changed["spec"]["env"] == {"A": "1", "B": "2"}
        assert (changed["spec"]["script"], changed["spec"]["args"]) == ("a", ["x"])
        assert (changed["priority"], changed["name"], changed["enabled"]) == (2, "new", False)
        ended(oneoff("jobs", "edit", "new", "--timeout", "none", "--script", "b", "--enable"))
        again = get(client, f"{LIST}/{job['id']}")["data"]
        assert (again["timeout_seconds"], again["spec"]["script"]) == (None, "b")
        assert again["enabled"] is True

    def test_a_whole_config_replaces_the_old_one(self, oneoff, client):
        job = make(client, config={"script": "a", "env": {"A": "1"}})
        ended(oneoff("jobs", "edit", job["id"], "--config", '{"script": "b"}'))
        assert not get(client, f"{LIST}/{job['id']}")["data"]["spec"].get("env")

    def test_no_change_and_one_of_another_type_are_exit_2(self, oneoff, client):
        job = make(client)
        assert "say what to change" in oneoff("jobs", "edit", job["id"]).stderr
        done = oneoff("jobs", "edit", job["id"], "--url", "http://x")
        ended(done, 2)
        assert "--url is for http jobs; this is shell" in done.stderr

    def test_a_copy_is_made(self, oneoff, client):
        make(client, name="one")
        copy = created(oneoff("jobs", "clone", "one", "--at", LATER, "--name", "two"), client)
        assert (copy["name"], copy["spec"]["script"]) == ("two", "echo hi")


class TestEnd:
    def test_one_is_cancelled_without_a_question(self, oneoff, client):
        job = make(client)
        assert ended(oneoff("jobs", "cancel", job["id"])) == f"{job['id']}: cancelled\n"
        done = oneoff("jobs", "cancel", job["id"])
        ended(done, 1)
        assert "already cancelled" in done.stderr

    def test_many_are_cancelled_and_failures_told(self, oneoff, client):
        ids = [make(client)["id"] for _ in range(2)]
        client.post(f"{LIST}/{ids[0]}/cancel")
        done = oneoff("jobs", "cancel", *ids, "--yes", "--json")
        results = json.loads(ended(done, 1))["data"]
        assert [("error" in one, one["id"]) for one in results] == [(True, ids[0]), (False, ids[1])]

    def test_without_a_terminal_a_deletion_needs_yes(self, oneoff, client):
        job = make(client)
        done = oneoff("jobs", "delete", job["id"])
        ended(done, 2)
        assert "--yes" in done.stderr
        assert get(client, LIST)["total"] == 1
        ended(oneoff("jobs", "delete", job["id"], "--yes"))
        assert get(client, LIST)["total"] == 0

    @pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1)])
    def test_on_a_terminal_it_asks(self, terminal, client, typed, code, left):
        job = make(client)
        ended_with, seen = terminal("jobs", "delete", job["id"], typed=typed)
        assert (ended_with, get(client, LIST)["total"]) == (code, left)
        assert "with all executions" in seen


class TestRevisions:
    def test_a_job_is_taken_back_to_one(self, oneoff, client):
        make(client, name="nightly", description="old")
        ended(oneoff("jobs", "edit", "nightly", "--description", "new"))
        lines = ended(oneoff("jobs", "revisions", "nightly")).splitlines()
        assert [line.split()[0] for line in lines] == ["VERSION", "2", "1"]
        assert lines[1].split()[-1] == "description"
        done = ended(oneoff("jobs", "restore", "nightly", 1))
        assert "to what it was at version 1: now at version 3" in done
        found = json.loads(ended(oneoff("jobs", "revisions", "nightly", "--limit", 1, "--json")))
        assert (found["total"], found["data"][0]["version"]) == (3, 3)

    def test_one_that_there_is_not_is_refused(self, oneoff, client):
        make(client, name="nightly")
        assert "Revision not found" in ended_badly(oneoff("jobs", "restore", "nightly", 7), 1)
        assert "'x'" in ended_badly(oneoff("jobs", "restore", "nightly", "x"), 2)


def ended_badly(done, code):
    """Assert that a command was refused; return what it said."""
    ended(done, code)
    return done.stderr


class TestSearch:
    def test_jobs_are_found_by_a_part_of_their_name(self, oneoff, client):
        job = make(client, name="nightly backup")
        _, line = ended(oneoff("search", "nightly", "back", "--kind", "job")).splitlines()
        assert line.split()[:4] == [job["id"], "job", "nightly", "backup"]
        found = json.loads(ended(oneoff("search", "backup", "--json")))["data"]
        assert [one["id"] for one in found] == [job["id"]]

    def test_nothing_found_is_said(self, oneoff):
        done = oneoff("search", "nobody is called so")
        assert (ended(done), done.stderr) == ("", "Nothing is called so.\n")
        assert "planet" in ended_badly(oneoff("search", "x", "--kind", "planet"), 2)
