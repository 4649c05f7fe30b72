"""A Docker engine for tests: one for all test processes of the machine, with one small image."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.support.servers import missing
from tests.support.shared import Shared

IMAGE = "oneoff-test-busybox:1"

_DEFAULT = "/var/run/docker.sock"
_PATIENCE_SECONDS = 30
_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""


class DockerEngine:
    """The engine, for as long as the block: ``host`` is its address.

    The machine's own engine if one answers, else a private one in a folder in /tmp. Who comes
    first starts it and who leaves last ends it, so that test processes can share it. It is no
    child of theirs: other tests count those.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"oneoff-test-docker-{os.getuid()}"
        self.host = ""
        self._shared = Shared(self.folder)

    def __enter__(self) -> Self:
        if _answers(_DEFAULT):
            self.host = f"unix://{_DEFAULT}"
        else:
            self._join()
        self._make_image()
        return self

    def __exit__(self, *error: object) -> None:
        self._shared.leave(self._end)

    def has_image(self, name: str) -> bool:
        """Return whether the engine has an image of this name."""
        return bool(self.run("images", "--quiet", name).strip())

    def run(self, *arguments: str, seconds: float = 60) -> str:
        """Run the command ``docker`` on this engine and return what it printed."""
        command = ["docker", "--host", self.host, *arguments]
        done = subprocess.run(
            command,
            env={**os.environ, "DOCKER_BUILDKIT": "0"},  # the builder that every engine has
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def containers(self, label: str) -> list[str]:
        """Return the ids of the containers with a label, running or not."""
        return self.run("ps", "--all", "--quiet", "--filter", f"label={label}").split()

    @property
    def _socket(self) -> str:
        return str(self.folder / "docker.sock")

    def _join(self) -> None:
        """Count as a user of the private engine, and start it if it is not there."""
        if os.geteuid() != 0 or not shutil.which("dockerd"):
            missing("a Docker engine, or root and dockerd (Debian: docker.io, iptables)")
        self._shared.join(self._start)
        self.host = f"unix://{self._socket}"

    def _start(self) -> None:
        if _answers(self._socket):
            return
        self._clear()
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        options = [f"--{name}={self.folder / place}" for name, place in places.items()]
        command = ["dockerd", f"--host=unix://{self._socket}", *options]
        with (self.folder / "log").open("w") as log:
            subprocess.run(
                ["/bin/sh", "-c", 'setsid "$@" &', "sh", *command],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _answers(self._socket):
            log_text = (self.folder / "log").read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, f"dockerd does not answer:\n{log_text}"
            time.sleep(0.05)

    def _end(self) -> None:
        pid = int((self.folder / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, "dockerd does not end"
            time.sleep(0.05)
        self._clear()

    def _clear(self) -> None:
        """Remove what an engine left, also one that was killed: the next begins with nothing."""
        for mounted in self._mounts():
            subprocess.run(["umount", "--lazy", mounted], check=True)
        gone = tempfile.mkdtemp(prefix="gone-", dir=self.folder)
        for place in ("data", "exec", "log", "pid"):
            if (self.folder / place).exists():
                (self.folder / place).rename(Path(gone) / place)
        # Half a minute of work that nobody has to wait for.
        subprocess.run(["/bin/sh", "-c", 'setsid rm -rf "$1" &', "sh", gone], check=True)

    def _mounts(self) -> list[str]:
        """Return what is mounted in the folder, the innermost first: it can't be renamed.

        A namespace always stays so, and the data if their engine was killed.
        """
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        places = [line.split(" ")[4] for line in lines]
        return [place for place in reversed(places) if place.startswith(f"{self.folder}/")]

    def _make_image(self) -> None:
        if self.has_image(IMAGE):
            return
        busybox = shutil.which("busybox") or missing("busybox (Debian: busybox-static)")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(str(busybox), Path(folder) / "busybox")
            (Path(folder) / "Dockerfile").write_text(_DOCKERFILE)
            self.run("build", "--quiet", "--tag", IMAGE, folder)


def _answers(socket: str) -> bool:
    if not shutil.which("docker"):
        missing("the command docker (Debian: docker.io)")
    command = ["docker", "--host", f"unix://{socket}", "version", "--format", "{{.Server.Version}}"]
    silent = subprocess.DEVNULL
    return subprocess.run(command, stdout=silent, stderr=silent, check=False).returncode == 0
