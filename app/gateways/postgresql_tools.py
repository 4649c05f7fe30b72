"""The tools of PostgreSQL that dump a database and put it back: pg_dump, pg_restore, psql.

A password reaches them through their environment, never through their arguments, which everybody
on the machine can read.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL, make_url

from app.gateways.backup_file import Progress

_BLOCK = 1024 * 1024


class ToolFailed(Exception):
    """A tool is missing, too old, or did not succeed."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools, for one database."""

    url: str
    #: The major version of its server.
    server: int

    def dump(self, target: Path, snapshot: str) -> None:
        """Dump what a snapshot sees into a file in the custom format."""
        command = [self._found("pg_dump"), "--format=custom", f"--snapshot={snapshot}"]
        options = ["--no-password", f"--file={target}", f"--dbname={self._address()}"]
        self._run([*command, *options])
        self._run([self._found("pg_restore"), "--list", str(target)])

    def restore(self, source: Path, before: str, after: str, progress: Progress) -> None:
        """Put a dump back in one transaction: all of it, or nothing.

        ``before`` and ``after`` are SQL that belongs to it.
        """
        command = [self._found("pg_restore"), "--no-owner", "--no-privileges", "--no-comments"]
        with (
            self._started([*command, "--file=-", str(source)], stdout=subprocess.PIPE) as reader,
            self._psql() as writer,
        ):
            assert reader.stdout is not None  # noqa: S101 - they have these pipes
            assert writer.stdin is not None  # noqa: S101
            try:
                _write(writer.stdin, f"BEGIN;\n{before}\n".encode())
                _pass_on(reader.stdout, writer.stdin, progress)
                _refuse_failed(reader)
                # Without COMMIT nothing holds: it comes only if the script was whole.
                _write(writer.stdin, f"{after}\nCOMMIT;\nANALYZE;\n".encode())
            except BrokenPipeError:
                reader.kill()
            writer.stdin.close()
            _refuse_failed(writer)

    def _psql(self) -> "subprocess.Popen[bytes]":
        options = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]
        command = [self._found("psql"), *options, f"--dbname={self._address()}"]
        return self._started(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def _found(self, name: str) -> str:
        """Return the path of a tool that can work with the server."""
        wanted = f"the client of PostgreSQL {self.server} or newer"
        how = "(Debian: apt-get install postgresql-client)"
        path = shutil.which(name)
        if path is None:
            raise ToolFailed(f"{name} is not on the PATH; install {wanted} {how}")
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"\) (\d+)", said.stdout)
        if version is None or int(version[1]) < self.server:
            raise ToolFailed(f"{path} is too old ({said.stdout.strip()}); install {wanted} {how}")
        return path

    def _address(self) -> str:
        """Return the address without its password, which arguments must not hold."""
        url = make_url(self.url).difference_update_query(["password"])
        parts = (url.username, None, url.host, url.port, url.database, url.query)
        return URL.create("postgresql", *parts).render_as_string(hide_password=False)

    def _environment(self) -> dict[str, str]:
        url = make_url(self.url)
        password = url.password or url.query.get("password")
        own = {"PGPASSWORD": str(password)} if password else {}
        return {**os.environ, **own, "PGCONNECT_TIMEOUT": "10"}  # noqa: TID251 - passed on

    def _started(
        self, command: list[str], stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self._environment(),
        )

    def _run(self, command: list[str]) -> None:
        with self._started(command) as tool:
            try:
                _refuse_failed(tool)
            finally:
                tool.kill()  # ends what still runs because we were told to stop


def _pass_on(source: IO[bytes], target: IO[bytes], progress: Progress) -> None:
    done = 0
    while block := source.read(_BLOCK):
        _write(target, block)
        done += len(block)
        progress("restoring", done, 0)


def _write(pipe: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _refuse_failed(tool: "subprocess.Popen[bytes]") -> None:
    assert tool.stderr is not None  # noqa: S101 - it has a pipe
    said = tool.stderr.read().decode(errors="replace").strip().splitlines()
    if tool.wait():
        name = Path(str(tool.args[0])).name  # type: ignore[index] # we give lists
        text = "\n  ".join(said[-5:] or ["no word why"])
        raise ToolFailed(f"{name} failed (exit code {tool.returncode}):\n  {text}")
