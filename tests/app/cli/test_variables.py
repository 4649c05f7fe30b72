"""Variables from the command line: their values are never arguments."""

import json
import os
import pty
import subprocess

import pytest

from tests.app.cli.conftest import COMMAND, environment, read
from tests.app.cli.test_jobs import ended
from tests.support.api import get, make

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PATH = "/api/variables"


def test_a_variable_lives_from_set_to_delete(oneoff, client, tmp_path):
    file = tmp_path / "value"
    file.write_text("line one\nline two\n")
    ended(oneoff("variables", "set", "NOTE", "--value-file", file, "--description", "for all"))
    (made,) = get(client, PATH)["data"]
    assert (made["value"], made["description"]) == ("line one\nline two", "for all")
    assert "line one⏎line two" in ended(oneoff("variables", "list"))
    assert "changed" in ended(oneoff("variables", "set", "NOTE", "-", text="new\r\n"))
    assert get(client, f"{PATH}/{made['id']}")["data"]["value"] == "new"
    assert "new" in ended(oneoff("variables", "show", "NOTE"))
    assert "--yes" in oneoff("variables", "delete", "NOTE").stderr
    ended(oneoff("variables", "delete", made["id"], "--yes"))
    assert "There are no such variables" in oneoff("variables", "list").stderr
    ended(oneoff("variables", "show", "NOTE"), 1)


def test_a_sensitive_one_is_hidden_and_stays_so(oneoff, client):
    ended(oneoff("variables", "set", "TOKEN", "-", "--sensitive", text="s3cret"))
    ended(oneoff("variables", "set", "TOKEN", "-", text="s4cret"))
    for words in (("list",), ("show", "TOKEN"), ("show", "TOKEN", "--json"), ("list", "--json")):
        shown = ended(oneoff("variables", *words))
        assert "cret" not in shown
        assert "***" in shown
    assert get(client, PATH)["data"][0]["is_sensitive"] is True
    ended(oneoff("variables", "set", "TOKEN", "-", "--plain", text="open"))
    assert get(client, PATH)["data"][0]["value"] == "open"


def test_scopes_are_named_by_project_and_job(oneoff, client):
    job = make(client, name="nightly")["id"]
    for value, words in (("a", ()), ("b", ("--project", "default")), ("c", ("--job", "nightly"))):
        ended(oneoff("variables", "set", "WHO", "-", *words, text=value))
    assert sorted(v["value"] for v in get(client, PATH)["data"]) == ["a", "b", "c"]
    rows = json.loads(ended(oneoff("variables", "list", "--job", job, "--json")))["data"]
    assert [(v["value"], v["overridden"]) for v in rows] == [("c", False), ("b", True), ("a", True)]
    table = ended(oneoff("variables", "list", "--job", "nightly"))
    assert table.index("job") < table.index("project") < table.index("global")
    listed = json.loads(ended(oneoff("variables", "list", "--project", "default", "--json")))
    assert [v["value"] for v in listed["data"]] == ["b"]
    ended(oneoff("variables", "delete", "WHO", "--project", "default", "--yes"))
    ended(oneoff("variables", "delete", "WHO", "--job", "nightly", "--yes"))
    assert [v["scope"] for v in get(client, PATH)["data"]] == ["global"]


def test_a_value_is_asked_for_at_a_terminal_and_not_echoed(api_url, tmp_path, client):
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "variables", "set", "TOKEN", "--sensitive"],
        env=environment(tmp_path, api_url, TERM="xterm"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,  # else the terminal of the tests themselves would be asked
    )
    os.close(slave)
    seen = ""
    for question in ("Value of TOKEN: ", "Repeat for confirmation: "):
        while question not in seen and (more := read(master)):
            seen += more
        assert question in seen
        os.write(master, b"s3cret\n")
    while more := read(master):
        seen += more
    os.close(master)
    assert process.wait(20) == 0, seen
    assert "s3cret" not in seen
    (made,) = get(client, PATH)["data"]
    assert (made["value"], made["is_sensitive"]) == ("***", True)


def test_what_can_not_be_meant_is_refused(oneoff):
    assert "--value-file FILE, or -" in oneoff("variables", "set", "A").stderr
    ended(oneoff("variables", "set", "A", "s3cret"), 2)
    ended(oneoff("variables", "set", "A", "-", "--value-file", "x", text="v"), 2)
    ended(oneoff("variables", "set", "A", "-", "--job", "x", "--project", "y", text="v"), 2)
    ended(oneoff("variables", "list", "--job", "x", "--search", "y"), 2)
    assert "name" in oneoff("variables", "set", "A-B", "-", text="v").stderr
