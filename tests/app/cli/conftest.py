"""The command line as a process of its own, against the API on a port of the test's process."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import ROOT
from tests.support.http_target import unused_port

COMMAND = [sys.executable, "-P", "-m", "app.cli"]
Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, url: str, **more: str) -> dict[str, str]:
    """Return what a person's shell would pass on."""
    kept = {n: v for n, v in os.environ.items() if n in {"PATH", "COVERAGE_PROCESS_CONFIG"}}
    base = {"HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "ONEOFF_URL": url}
    return {**kept, **base, **more}


@pytest.fixture
def oneoff(api_url: str, tmp_path: Path) -> Run:
    """Return a function that runs a command against the API and returns how it ended."""
    return runner(api_url, tmp_path)


@pytest.fixture
def offline(tmp_path: Path) -> Run:
    """The same without a server."""
    return runner(f"http://127.0.0.1:{unused_port()}", tmp_path)


def runner(url: str, folder: Path) -> Run:
    """Return a function that runs ``oneoff`` with these words. It never leaves a traceback."""

    def run(*words: Any, text: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            env=environment(folder, url, **env),
            cwd=folder,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            timeout=30,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def terminal(api_url: str, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return a function that runs a command on a terminal; returns exit code and what it saw."""

    def run(*words: Any, typed: str = "", **env: str) -> tuple[int, str]:
        with on_terminal(environment(tmp_path, api_url, TERM="xterm", **env), *words) as (
            process,
            master,
        ):
            os.write(master, typed.encode())
            seen = "".join(iter(lambda: read(master), ""))
            return process.wait(20), seen

    return run


@contextlib.contextmanager
def on_terminal(env: dict[str, str], *words: Any) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a command whose three streams are a terminal; yields it and the other end."""
    master, slave = pty.openpty()
    command = [*COMMAND, *map(str, words)]
    process = subprocess.Popen(command, env=env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        yield process, master
    finally:
        process.kill()
        process.wait()
        os.close(master)


def read(master: int) -> str:
    """Return what a terminal shows next; nothing once the command has ended."""
    try:
        return os.read(master, 65536).decode(errors="replace")
    except OSError:
        return ""
