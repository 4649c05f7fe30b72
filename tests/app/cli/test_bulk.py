"""Many jobs from a file."""

import json

import pytest

from app.cli.remote import bulk
from app.cli.remote.bulk_file import FileError, items
from tests.app.cli.test_jobs import ended
from tests.support.api import LATER, get, wish

ONE, TWO = '{"a": 1}', '{\n "b": [2, "]"]\n}'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ONE}\n{TWO}\n{ONE}\n", [(1, {"a": 1}), (2, {"b": [2, "]"]}), (5, {"a": 1})]),
        (f"\n\n[{ONE},\n\n{TWO}]\n", [(3, {"a": 1}), (5, {"b": [2, "]"]})]),
        ("[1, null]", [(1, 1), (1, None)]),
        (ONE, [(1, {"a": 1})]),
        (" [ ] ", []),
        ("\n", []),
    ],
)
def test_items_come_with_their_lines(text, found):
    assert [(item.line, item.job) for item in items(text)] == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1}\n{"a": }\n', "line 2"),
        ('[\n{"a": 1}\n{"a": 2}]', "line 3"),
        ("[1,\n2,\n]", "line 3"),
        ("[1,\n2", "line 2"),
        ("[1]\n[2]", "line 2"),
        ('{"a": 1,\n"a": 2}', "line 1: the name 'a' is given twice"),
        ("hello", "line 1"),
        ("{}\n" + "[" * 100_000, "line 2"),
    ],
)
def test_what_is_no_list_of_jobs_is_told_with_its_line(text, says):
    with pytest.raises(FileError, match=says.replace("[", r"\[")):
        items(text)


def test_a_line_of_a_fault_within_an_item_is_that_of_the_file():
    with pytest.raises(FileError, match="line 4"):
        items('\n\n{"a": 1,\n "b": oops}')


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestCommand:
    def test_all_are_made(self, oneoff, client, tmp_path):
        (tmp_path / "jobs").write_text("".join(json.dumps(wish()) + "\n" for _ in range(3)))
        assert ended(oneoff("jobs", "bulk", "jobs")) == "created 3, refused 0\n"
        assert get(client, "/api/jobs")["total"] == 3

    def test_each_fault_is_told_with_its_line_and_the_exit_code_is_1(self, oneoff, client):
        jobs = [wish(), wish(priority=99, name=""), wish(scheduled_at=LATER), 7]
        done = oneoff("jobs", "bulk", "-", text=json.dumps(jobs, indent=1))
        assert ended(done, 1) == "created 2, refused 2\n"
        lines = done.stderr.splitlines()
        assert lines[0].startswith("-, line 10: ")
        assert "priority" in lines[0]
        assert "name" in lines[0]
        assert "JSON object" in lines[1]

    def test_more_than_a_request_holds_are_sent_and_told_as_one_document(
        self, oneoff, client, tmp_path
    ):
        count = 2 * bulk._CHUNK + 1
        (tmp_path / "jobs").write_text("\n".join(json.dumps(wish()) for _ in range(count)))
        shown = json.loads(ended(oneoff("jobs", "bulk", "jobs", "--json")))
        assert (shown["created"], shown["failed"]) == (count, 0)
        assert [row["line"] for row in shown["data"]] == [*range(1, count + 1)]
        assert [row["index"] for row in shown["data"]] == [*range(count)]

    def test_a_bar_is_shown_on_a_terminal(self, terminal, client, tmp_path):
        path = tmp_path / "jobs"
        path.write_text(json.dumps([wish()]))
        code, seen = terminal("jobs", "bulk", path)
        assert (code, "created 1" in seen) == (0, True)
        assert "making jobs" in seen

    @pytest.mark.parametrize(
        ("text", "says"),
        [("", "empty"), ("[]", "no jobs"), ("{", "line 1"), ("\udcff", "UTF-8")],
    )
    def test_a_file_that_is_none_sends_nothing(self, oneoff, tmp_path, text, says):
        (tmp_path / "jobs").write_bytes(text.encode(errors="surrogateescape"))
        done = oneoff("jobs", "bulk", "-" if says == "empty" else "jobs", text=text)
        assert ended(done, 2) == ""
        assert says in done.stderr


def test_a_server_that_goes_away_is_exit_3_with_the_sum(offline, tmp_path):
    (tmp_path / "jobs").write_text(json.dumps([wish()]))
    done = offline("jobs", "bulk", "jobs", "--json")
    assert json.loads(ended(done, 3)) == {"data": [], "created": 0, "failed": 0}
