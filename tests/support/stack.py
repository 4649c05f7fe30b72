"""The stack of docker-compose.yml, started as its user would, with handles to hurt it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.docker_engine import DockerEngine

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = Path(sys.executable).parent / "docker-compose"


class Stack:
    """One project of Compose in a folder of its own, which is a copy of what the image needs."""

    def __init__(self, engine: DockerEngine, env_file: Path, ports: tuple[int, int]) -> None:
        self.engine, self.env_file, self.ports = engine, env_file, ports
        self.key = ""

    def compose(self, *words: str, check: bool = True, seconds: float = 150) -> str:
        """Run Docker Compose and return what it printed."""
        project = ["--project-name", "oneoff-test", "--project-directory", str(ROOT)]
        done = subprocess.run(
            [str(COMPOSE), "--env-file", str(self.env_file), *project, *words],
            env={**os.environ, "DOCKER_HOST": self.engine.host, "DOCKER_BUILDKIT": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0 or not check, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers, those that are stopped too."""
        return self.compose("ps", "--all", "--quiet", service).split()

    def kill(self, *services: str) -> list[str]:
        """kill -9 all containers of some services, and keep them down; return their ids."""
        ids = [one for service in services for one in self.containers(service)]
        self.engine.run("update", "--restart", "no", *ids)
        self.engine.run("kill", *ids)
        return ids

    def start(self, ids: list[str]) -> None:
        """Start containers again as a restart policy would have done."""
        self.engine.run("start", *ids)

    def ask(self, method: str, path: str, body: Any = None, port: int | None = None) -> Any:
        """Send a request with the key and return the answer's JSON. Raises ``OSError``."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{port or self.ports[0]}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def create(self, script: str, **over: Any) -> str:
        """Make a shell job and return its id. Raises ``OSError`` if it is not accepted."""
        job = {"name": "t", "type": "shell", "config": {"script": script}, "scheduled_at": "now"}
        return str(self.ask("POST", "/api/jobs", job | over)["data"]["id"])

    def last(self, job_id: str) -> dict[str, Any]:
        """Return a job's newest execution; empty while nobody can say."""
        try:
            found = self.ask("GET", f"/api/executions?job_id={job_id}&include=all")["data"]
        except (OSError, ValueError):
            return {}
        newest: dict[str, Any] = max(found, key=lambda row: row["number"], default={})
        return newest
