"""The lock says who runs, not the number in its file."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from app.cli import folder_lock
from tests.architecture.source import ROOT
from tests.end_to_end.product import until

#: Takes the lock, forks a child that shares it, and waits for its input to end.
HOLDER = """
import os, sys
from pathlib import Path
from app.cli import folder_lock
lock = folder_lock.hold(Path(sys.argv[1]), serves=sys.argv[2] == "serves")
child = os.fork()
if child:
    print(child, flush=True)
sys.stdin.read()
"""


@contextmanager
def _holder(folder: Path, how: str = "serves") -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-c", HOLDER, str(folder), how]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_the_holder_is_named_and_known_with_its_family(tmp_path: Path) -> None:
    with _holder(tmp_path) as (process, child):
        assert folder_lock.is_held(tmp_path)
        with pytest.raises(click.ClickException, match=f"process number {process.pid}"):
            folder_lock.hold(tmp_path)
        main = folder_lock.main_process(tmp_path)
        assert main is not None
        assert main.pid == process.pid
        assert {p.pid for p in folder_lock.family(tmp_path)} == {process.pid, child}
    until(lambda: not folder_lock.is_held(tmp_path), 5, "the lock is free")


def test_a_file_that_is_left_over_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / folder_lock.NAME).write_text(f"{os.getpid()}\n")
    assert not folder_lock.is_held(tmp_path)
    assert folder_lock.main_process(tmp_path) is None
    folder_lock.hold(tmp_path).close()
    assert folder_lock.number_in(tmp_path) == os.getpid()


def test_a_stranger_with_the_number_of_a_dead_holder_is_not_taken_for_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger, _holder(tmp_path) as (process, child):
        process.kill()
        process.wait()
        (tmp_path / folder_lock.NAME).write_text(f"{stranger.pid}\n")
        assert folder_lock.is_held(tmp_path), "the child shares the lock"
        assert folder_lock.main_process(tmp_path) is None
        assert {p.pid for p in folder_lock.family(tmp_path)} == {child}
        stranger.kill()


def test_who_does_not_serve_leaves_no_number(tmp_path: Path) -> None:
    (tmp_path / folder_lock.NAME).write_text("123\n")
    with _holder(tmp_path, "restores"):
        assert folder_lock.number_in(tmp_path) is None
        assert folder_lock.main_process(tmp_path) is None
        with pytest.raises(click.ClickException, match="another command"):
            folder_lock.hold(tmp_path)
