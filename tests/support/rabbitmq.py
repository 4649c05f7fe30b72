"""A private RabbitMQ server that comes back by itself when it is killed, as a service would."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.support.servers import missing

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_AGAIN = "while true; do {program}; sleep 0.2; done"


class RabbitMq:
    """The server, in a folder and on ports of its own."""

    def __init__(self, advanced: str = "[].") -> None:
        """Start it; ``advanced`` is its configuration in Erlang terms."""
        if not PROGRAM.exists():
            missing("a RabbitMQ server (Debian: apt-get install rabbitmq-server)")
        self.folder = Path(tempfile.mkdtemp(prefix="oneoff-rabbit-"))
        self.data = self.folder / "data"
        self.port, distribution, self.epmd = _free_ports(3)
        (self.folder / "empty.conf").touch()
        (self.folder / "advanced.config").write_text(advanced)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", _AGAIN.format(program=PROGRAM)],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "LANG": "C.UTF-8",
                "RABBITMQ_NODENAME": f"oneoff{self.port}@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self.port),
                "RABBITMQ_DIST_PORT": str(distribution),
                "RABBITMQ_MNESIA_BASE": str(self.data),
                "RABBITMQ_LOG_BASE": str(self.folder / "log"),
                "RABBITMQ_CONFIG_FILE": str(self.folder / "empty.conf"),
                "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
                "ERL_EPMD_PORT": str(self.epmd),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._await()

    @property
    def url(self) -> str:
        """The address for Celery."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def server(self) -> psutil.Process:
        """Return the process that serves at this moment."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if child.name().startswith("beam"):
                        return child
            time.sleep(0.05)
        raise AssertionError("RabbitMQ does not come back")

    def log(self) -> str:
        """Return what the server has written so far."""
        files = sorted((self.folder / "log").glob("*.log"))
        return "".join(file.read_text(errors="replace") for file in files)

    def stop(self) -> None:
        """End the server and remove what it left."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        stop = ["epmd", "-port", str(self.epmd), "-kill"]
        subprocess.run(stop, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"AMQP\0\0\x09\x01")
                if probe.recv(1):
                    return
            time.sleep(0.1)
        raise AssertionError("RabbitMQ did not start")


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
