"""Databases to measure on: a fresh SQLite file, or a private PostgreSQL server."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import psycopg

from bench.stage import Stage

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ALL = (SQLITE, POSTGRESQL)


def why_not(database: str) -> str:
    """Return why a database can't be measured here; empty if it can."""
    if database == POSTGRESQL and not _programs():
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    return ""


def fresh(stage: Stage, database: str) -> str:
    """Return the address of an empty database that lives as long as the stage."""
    if database == SQLITE:
        return f"sqlite:///{stage.folder}/bench.db"
    return _server(stage)


def _server(stage: Stage) -> str:
    """Start a server with the settings of a small installation; commits reach the disk."""
    folder = stage.folder / "postgresql"
    folder.mkdir()
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, port = folder / "data", free_port()
    _run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB"
    log = str(folder / "log")
    _run("pg_ctl", "-w", "-D", str(data), "-l", log, "-o", options, "start")
    stage.at_end(lambda: _run("pg_ctl", "-w", "-D", str(data), "-m", "immediate", "stop"))
    address = f"postgresql://postgres@127.0.0.1:{port}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench")
    return f"{address}/bench"


def restart(stage: Stage, mode: str) -> None:
    """Restart the stage's PostgreSQL server: ``fast`` cuts connections, ``immediate`` crashes."""
    data, log = stage.folder / "postgresql" / "data", stage.folder / "postgresql" / "log"
    _run("pg_ctl", "-w", "-D", str(data), "-l", str(log), "-m", mode, "restart")


def server_of(stage: Stage) -> int | None:
    """Return the process number of the stage's PostgreSQL server; none on SQLite."""
    file = stage.folder / "postgresql" / "data" / "postmaster.pid"
    return int(file.read_text().split()[0]) if file.exists() else None


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; empty where it is not installed."""
    folder = _programs()
    return f"{folder}/{name}" if folder else ""


def _programs() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return str(found[-1].parent)
    on_path = shutil.which("initdb")
    return str(Path(on_path).parent) if on_path else ""


def _run(name: str, *arguments: str) -> None:
    command = [program(name), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(
        command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
