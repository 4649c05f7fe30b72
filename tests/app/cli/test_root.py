"""The root of the command line: what it loads, what it prints for shells."""

import subprocess
import sys

import click
import pytest

from app.cli.root import LIGHT, cli
from tests.app.cli.conftest import environment
from tests.app.cli.test_jobs import ended

SERVER = {"sqlalchemy", "celery", "flask", "alembic"}


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["version"], {*SERVER, "httpx", "rich"}),
        (["--version"], {*SERVER, "httpx", "rich"}),
        (["jobs", "list", "--help"], SERVER),
        (["completion", "bash"], {*SERVER, "httpx"}),
    ],
)
def test_a_quick_command_loads_no_more_than_it_needs(words, forbidden, tmp_path):
    code = (
        (
            "import sys; from app.cli import root\n"
            f"sys.argv = ['oneoff', *{words!r}]\n"
            "try: root.main()\n"
            f"finally: print('loaded:', *sorted({sorted(forbidden)!r} & sys.modules.keys()))"
        )
        .replace("sorted([", "sorted(set([")
        .replace("] & ", "]) & ")
    )
    env = environment(tmp_path, "")
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_every_command_is_there_and_says_what_it_does():
    context = click.Context(cli)
    names = cli.list_commands(context)
    assert {*LIGHT, "serve", "worker", "migrate", "version", "help"} <= {*names}

    def silent(group, path):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if not command.help:
                yield f"{path} {name}"
            if isinstance(command, click.Group):
                yield from silent(command, f"{path} {name}")

    assert [*silent(cli, "oneoff")] == []


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --")]
)
def test_a_completion_script_is_printed(offline, shell, sign):
    assert sign in ended(offline("completion", shell))


def test_another_shell_is_exit_2(offline):
    assert "bash" in offline("completion", "cmd").stderr


@pytest.mark.parametrize(("words", "found"), [("oneoff jo", "jobs"), ("oneoff jobs cre", "create")])
def test_completion_finds_commands(offline, words, found):
    done = offline(
        _ONEOFF_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))
    )
    assert f"plain,{found}" in ended(done).splitlines()
