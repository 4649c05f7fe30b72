"""The bad-input rows of the command line: mistyping, keys, pipes, narrow terminals, odd values."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from tests.app.cli.conftest import COMMAND, environment, on_terminal, read, runner
from tests.app.cli.test_jobs import ended
from tests.support.api import claim_one, make
from tests.support.http_target import HttpTarget, answer

database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
JSON = (("Content-Type", "application/json"), ("Connection", "close"))
SECRET = "oneoff_0123456789abcdef"


class TestMistyping:
    """Row B47."""

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["jbos"], "Did you mean 'jobs'?"),
            (["job"], "Did you mean 'jobs'?"),
            (["sevre"], "Did you mean"),
            (["jobs", "lsit"], "Did you mean 'list'?"),
            (["system", "config", "ste"], "Did you mean 'set'?"),
            (["jobs", "list", "--serach", "x"], "--search"),
            (["worker", "--queue", "x"], "--queues"),
            (["jobs"], "Commands:"),
            (["jobs", "show"], "Missing argument 'JOB'"),
            (["jobs", "list", "--limit"], "requires an argument"),
            (["jobs", "list", "--limit", "1", "--limit", "2"], "'--limit' is given twice"),
            (["worker", "--queues", "a", "--queues", "b"], "'--queues' is given twice"),
            (["jobs", "list", "--limit", "many"], "not a valid integer range"),
            (["jobs", "show", "a", "b"], "unexpected extra argument"),
            (["--port", "1", "jobs", "list"], "put the options behind the command"),
        ],
    )
    def test_what_is_mistyped_is_answered_with_usage_and_a_guess(self, offline, words, says):
        done = offline(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Usage: oneoff" in done.stderr
        assert says in done.stderr

    def test_help_leads_to_every_command(self, offline):
        whole = ended(offline("help"))
        assert all(name in whole for name in ("serve", "jobs", "executions", "completion"))
        assert "Usage: oneoff jobs create" in ended(offline("help", "jobs", "create"))
        done = offline("help", "jobs", "fly")
        assert (done.returncode, "no command 'jobs fly'" in done.stderr) == (2, True)


class TestKeys:
    """Row B49."""

    @pytest.fixture
    def target(self):
        """A server that knows one key."""

        def guarded(exchange):
            header = exchange.seen.headers.get("authorization")
            body = {"error": "say who you are", "code": "UNAUTHENTICATED", "details": None}
            if header == f"Bearer {SECRET}":
                answer(200, b'{"data": []}', JSON)(exchange)
            else:
                answer(401, json.dumps(body).encode(), JSON)(exchange)

        with HttpTarget() as target:
            target.serve(guarded, "/api/workers")
            yield target

    @pytest.fixture
    def run(self, target, tmp_path):
        """Run a command against that server."""
        return runner(target.url(""), tmp_path)

    def test_without_a_key_it_says_what_to_do(self, run):
        done = run("workers", "--json")
        assert (done.returncode, done.stdout) == (1, "")
        assert "ONEOFF_API_KEY" in done.stderr

    def test_a_wrong_key_is_not_shown(self, run):
        done = run("workers", "--api-key", "oneoff_wrong")
        assert (done.returncode, "oneoff_wrong" in done.stderr) == (1, False)

    def test_a_key_comes_from_an_option_the_environment_or_a_file(self, run, tmp_path):
        (tmp_path / "mine").write_text(f"{SECRET}\n")
        (tmp_path / "mine").chmod(0o600)
        ended(run("workers", "--api-key", SECRET))
        ended(run("workers", ONEOFF_API_KEY=SECRET))
        ended(run("workers", "--api-key-file", "mine"))
        ended(run("workers", ONEOFF_API_KEY_FILE=str(tmp_path / "mine")))

    @pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o640, True), (0o604, True)])
    def test_a_file_that_others_may_read_is_warned_about(self, run, tmp_path, mode, warns):
        path = tmp_path / ".config/oneoff/key"
        path.parent.mkdir(parents=True)
        path.write_text(SECRET)
        path.chmod(mode)
        done = run("workers", "--json")
        assert json.loads(ended(done)) == {"data": []}
        assert (f"chmod 600 {path}" in done.stderr) == warns
        assert SECRET not in done.stderr

    @pytest.mark.parametrize(
        ("content", "says"), [(None, "No such file"), ("\n", "empty"), ("a b", "characters")]
    )
    def test_a_file_that_holds_no_key_is_exit_2(self, run, tmp_path, content, says):
        if content is not None:
            (tmp_path / "mine").write_text(content)
        done = run("workers", "--api-key-file", "mine")
        assert (done.returncode, says in done.stderr) == (2, True)


class TestAddress:
    def test_nobody_there_is_exit_3_and_one_line(self, offline):
        done = offline("jobs", "list", "--json")
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
        assert "Connection refused" in done.stderr

    def test_another_server_is_exit_3(self, tmp_path):
        with HttpTarget() as target:
            done = runner(target.url(""), tmp_path)("workers")
        assert (done.returncode, "not as OneOff does" in done.stderr) == (3, True)

    def test_what_is_no_address_is_exit_2(self, offline):
        done = offline("workers", "--url", "localhost:8080")
        assert (done.returncode, "http://" in done.stderr) == (2, True)

    def test_the_default_is_that_of_the_settings(self, offline):
        assert "localhost:7" in offline("workers", ONEOFF_URL="", PORT="7").stderr
        done = offline("workers", ONEOFF_URL="", PORT="x")
        assert (done.returncode, "PORT" in done.stderr) == (2, True)


@database
class TestPipesAndTerminals:
    """Row B50."""

    @pytest.mark.parametrize("part", [["--all", "--json"], ["--limit", "1"]])
    def test_a_pipe_that_is_closed_leaves_no_traceback(self, client, api_url, tmp_path, part):
        for number in range(200):
            make(client, name=f"job {number} " + "x" * 200)
        command = [*COMMAND, "jobs", "list", *part]
        with subprocess.Popen(
            command,
            env=environment(tmp_path, api_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.stderr is not None
            errors = process.stderr.read().decode()
            assert process.wait(20) == 1
        assert [line for line in errors.splitlines() if not line.startswith("1 of 200")] == []

    def test_colours_only_on_a_terminal_that_wants_them(self, terminal, oneoff, client):
        make(client, scheduled_at="now")
        claim_one()
        words = ("executions", "list")
        assert "\x1b[36mrunning" in terminal(*words)[1]
        assert "\x1b[36m" not in terminal(*words, "--no-color")[1]
        assert "\x1b[36m" not in terminal(*words, NO_COLOR="1")[1]
        assert "\x1b" not in ended(oneoff(*words))

    @pytest.mark.parametrize("words", [("jobs", "list"), ("jobs", "show", "ümläut")])
    def test_a_terminal_of_20_columns_breaks_nothing(self, terminal, client, words):
        job = make(client, name="ümläut")
        code, seen = terminal(*words, COLUMNS="20")
        assert code == 0
        assert job["id"][:12] in seen

    def test_in_a_pipe_nothing_is_cut_however_narrow(self, oneoff, client):
        name = "a long name of a job " * 8
        job = make(client, name=name.strip())
        (line,) = ended(oneoff("jobs", "list", COLUMNS="20")).splitlines()[1:]
        assert line.startswith(f"{job['id']} {name.strip()}")

    @pytest.mark.parametrize("env", [{"LANG": "C"}, {"PYTHONIOENCODING": "ascii"}])
    def test_umlauts_break_nothing_where_there_are_none(self, oneoff, client, env):
        job = make(client, name="ümläut → 日本")
        ended(oneoff("jobs", "list", **env))
        ended(oneoff("jobs", "show", job["id"], **env))
        shown = json.loads(ended(oneoff("jobs", "show", job["id"], "--json", **env)))
        assert shown["name"] == "ümläut → 日本"

    def test_marks_that_move_the_cursor_are_not_printed(self, terminal, client):
        job = make(client, config={"script": "echo \x1b[2J gone"})
        code, seen = terminal("jobs", "show", job["id"])
        assert (code, "\x1b[2J" in seen) == (0, False)

    def test_ctrl_c_at_a_question_is_130_and_does_nothing(self, client, api_url, tmp_path):
        job = make(client)
        env = environment(tmp_path, api_url, TERM="xterm")
        with on_terminal(env, "jobs", "delete", job["id"]) as (process, master):
            seen = read(master)
            while "[y/N]" not in seen:
                seen += read(master)
            while process.poll() is None:  # the first may come just before it reads
                os.kill(process.pid, signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(3)
            assert process.returncode == 130
        assert client.get(f"/api/jobs/{job['id']}").status_code == 200


@database
class TestOddValues:
    """Row B51."""

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("--env", "a"), "'a' must be NAME=value"),
            (("--env", "=b"), "must be NAME=value"),
            (("--header", "a"), "must be 'Name: value'"),
            (("--config", "@missing.json"), "'missing.json' can't be read: No such file"),
            (("--config", "-"), "standard input is empty"),
            (("--config", "@-"), "standard input is empty"),
            (("--config", "[]"), "must be a JSON object"),
            (("--config", '{"a": 1, "a": 2}'), "given twice"),
            (("--script-file", "/"), "can't be read: Is a directory"),
            (("--command", "a 'b"), "No closing quotation"),
        ],
    )
    def test_they_are_explained_with_their_option_and_exit_2(self, oneoff, words, says):
        kind = {"--header": "http", "--command": "docker"}.get(words[0], "shell")
        words = ("jobs", "create", "--name", "x", "--type", kind, *words)
        done = oneoff(*words, text="")
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert words[6] in done.stderr

    def test_what_begins_with_a_dash_is_a_value(self, oneoff, client):
        words = ("--name", "-x", "--script", "-", "--arg", "--all", "--description", "--yes")
        done = oneoff("jobs", "create", *words, "--at", "+1h")
        job = client.get(f"/api/jobs/{ended(done).strip()}").json["data"]
        assert (job["name"], job["description"]) == ("-x", "--yes")
        assert (job["spec"]["script"], job["spec"]["args"]) == ("-", ["--all"])
        assert "-x" in ended(oneoff("jobs", "show", "--", "-x"))
