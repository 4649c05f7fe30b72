"""Real servers that tests start for themselves: PostgreSQL, and Redis or Valkey."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from app.cli.broker_server import binary


def missing(what: str) -> NoReturn:
    """Skip the test on a laptop that lacks something; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, which CI must have")
    pytest.skip(f"{what} is missing on this machine")


class Postgresql:
    """A private PostgreSQL server in a folder, on a unix socket and a TCP port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._names = 0
        #: Variables that the server is started with.
        self.environ: dict[str, str] = {}
        if not _postgresql_programs():
            missing("a PostgreSQL server (Debian: apt-get install postgresql)")
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run(
            "initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "--no-sync"
        )

    def start(self) -> "Postgresql":
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options, "start"
        )
        return self

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: ``fast`` cuts connections, ``immediate`` is a crash."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-w", "-D", str(self.folder / "data"), "-m", mode, "stop")

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        self._names += 1
        name = f"t{self._names}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [f"{_postgresql_programs()}/{program}", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(
            command,
            check=True,
            cwd="/",
            env=os.environ | self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _postgresql_programs() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return str(found[-1].parent)
    on_path = shutil.which("initdb")
    return str(Path(on_path).parent) if on_path else ""


class Broker:
    """A private Redis or Valkey server on a unix socket."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "broker.sock"
        server = binary()
        if server is None:
            missing("a Redis or Valkey server")
        self.process = subprocess.Popen(
            [
                *(str(server), "--port", "0", "--save", "", "--dir", str(folder)),
                *("--unixsocket", str(self.socket)),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self.socket.exists():
            assert time.monotonic() < deadline, "the broker did not start"
            time.sleep(0.02)

    @property
    def url(self) -> str:
        """The address for Celery."""
        return f"redis+socket://{self.socket}"

    def stop(self) -> None:
        """End the server."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
