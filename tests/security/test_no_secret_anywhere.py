"""Real processes are given secrets of every kind; then all that they left behind is searched."""

import base64
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import psutil
import pytest
import redis

from app.domain.secret_keys import key_text, new_key
from app.settings import Settings
from tests.end_to_end.product import Product, free_port, running, until
from tests.support.http_target import HttpTarget, answer
from tests.support.servers import Postgresql, _postgresql_programs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]


def fresh(name: str) -> str:
    """Return a secret that each encoding changes, and that nothing else looks like."""
    return f'{name}+/"ä {secrets.token_urlsafe(18)}?&'


def forms(secret: str) -> set[bytes]:
    """Return a secret in plain, JSON, base64 and URL-encoded form."""
    raw = secret.encode()
    whole = {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
    texts = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    texts |= {secret.replace('"', '\\"'), secret.replace('"', '\\\\"')}
    return {raw, *(w.rstrip(b"=") for w in whole), *(t.encode() for t in texts)}


@dataclass
class Run:
    """An installation, and the secrets it was given."""

    product: Product
    dump: Callable[[], bytes]
    #: Those that are nowhere, and those that stand in the config of a job and nowhere else.
    nowhere: dict[str, str] = field(default_factory=dict)
    in_config: dict[str, str] = field(default_factory=dict)

    def new(self, name: str, *, config: bool = False) -> str:
        """Return a new secret and remember it."""
        made = fresh(name)
        (self.in_config if config else self.nowhere)[name] = made
        return made

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send something with the API key; return the data of the answer."""
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send something by any method with the API key; return the data of the answer."""
        key = {"X-API-Key": self.nowhere["API key"]}
        status, made = self.product.ask(method, path, body, headers=key)
        assert status < 300, made
        data: dict[str, Any] = made["data"]
        return data

    def get(self, path: str) -> Any:
        """Read something with the API key."""
        key = {"X-API-Key": self.nowhere["API key"]}
        return self.product.ask("GET", path, headers=key)[1]["data"]

    def found_in(self, where: str, content: bytes, *, config: bool = True) -> list[str]:
        """Return what of the secrets is in some bytes."""
        sought = self.nowhere | (self.in_config if config else {})
        return [
            f"{name} in {where}"
            for name, secret in sought.items()
            if any(form in content for form in forms(secret))
        ]


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """The product with authentication and a given encryption key, on each database."""
    key = key_text(new_key())
    key_file = tmp_path / "key"
    key_file.write_text(key)
    key_file.chmod(0o600)
    given = {"AUTH_ENABLED": "true", "ENCRYPTION_KEY_FILE": str(key_file), "LOG_LEVEL": "debug"}
    given |= {"WEBHOOK_ALLOW": "127.0.0.0/8"}
    server = None
    found: dict[str, str] = {"encryption key": key}
    if request.param == "postgresql":
        server = Postgresql(Path(tempfile.mkdtemp(prefix="oneoff-pg-")), free_port()).start()
        found["database password"] = password = "Pw" + secrets.token_hex(12)
        bare = server.new_database()
        url = tmp_path / "url"
        url.write_text(bare.replace("postgres@", f"postgres:{password}@"))
        given["DATABASE_URL_FILE"] = str(url)
    try:
        with running(tmp_path / "product", broker=None, **given) as product:
            one = Run(product, lambda: dumped(bare) if server else b"", found)
            made = product.run("apikey", "create", "--name", "a", "--scopes", "admin")
            one.nowhere["API key"] = made.stdout.strip()
            yield one
    finally:
        if server:
            server.stop("immediate")
            shutil.rmtree(server.folder, ignore_errors=True)


def dumped(address: str) -> bytes:
    """Return a PostgreSQL database as SQL."""
    command = [f"{_postgresql_programs()}/pg_dump", "--inserts", address]
    if os.geteuid() == 0:
        pwd.getpwnam("postgres")
    return subprocess.run(command, capture_output=True, check=True, cwd="/").stdout


def sign_in(run: Run) -> None:
    """Make a person and have that person sign in, once more, and with a wrong password."""
    password = run.new("password")
    run.post("/api/users", {"username": "ann", "roles": ["user"], "password": password})
    tries = ({"username": "ann", "password": run.new("wrong password")},)
    for given in (*tries, {"username": "ann", "password": password}):
        _, said = run.product.ask("POST", "/api/auth/login", given)
    told = said["data"]
    run.nowhere |= {"access token": told["token"], "refresh token": told["refresh_token"]}
    fresh_ones = {"refresh_token": told["refresh_token"]}
    renewed = run.product.ask("POST", "/api/auth/refresh", fresh_ones)[1]["data"]
    run.nowhere["renewed refresh token"] = renewed["refresh_token"]


def use(run: Run, target: HttpTarget) -> list[dict[str, Any]]:
    """Give the product secrets of each kind, and have it work with them."""
    hook = {
        "name": "w",
        "url": target.serve(answer(), "/hook"),
        "events": "job.completed,job.failed",
    }
    webhook = run.post("/api/webhooks", hook | {"secret": run.new("webhook secret")})
    rotated = run.post(f"/api/webhooks/{webhook['id']}/rotate-secret", {})
    run.nowhere["rotated webhook secret"] = rotated["secret"]
    sign_in(run)
    mail = {"server": "127.0.0.1", "port": 9, "username": "u", "from": "jobs@example.com"}
    run.send("PUT", "/api/settings/smtp", mail | {"password": run.new("mail password")})
    time.sleep(1.1)  # all processes know of the webhook after a second
    token = run.new("variable")
    run.post("/api/variables", {"name": "TOKEN", "value": token, "is_sensitive": True})
    printing = (
        'printf %s "${TOKEN%????}"; sleep 0.3; printf "%s\\n" "${TOKEN#"${TOKEN%????}"}"\n'
        'printf "%s" "user:$TOKEN" | base64 -w0; printf "E %s\\n" "$TOKEN" >&2; sleep 2; exit 3\n'
    )
    marked = {"DATA_DIR": run.product.environ["DATA_DIR"]}
    shell = {"script": printing, "env": marked | {"OWN": run.new("env of a job", config=True)}}
    echo = target.serve(echoes, "/echo")
    headers = {"Authorization": "Bearer ${TOKEN}", "X-Own": quote(run.new("header", config=True))}
    http = {"url": echo, "method": "POST", "headers": headers, "body": "${TOKEN}"}
    broken = {"url": f"{echo}?k={quote(run.new('query', config=True))}", "expected_status": [418]}
    jobs = [
        run.post("/api/jobs", {"name": "t", "type": kind, "config": config, "scheduled_at": "now"})
        for kind, config in (("shell", shell), ("http", http), ("http", broken))
    ]
    refused = {"url": f"http://user:{run.new('password in an address')}@localhost/"}
    body = {"name": "t", "type": "http", "config": refused, "scheduled_at": "now"}
    key = {"X-API-Key": run.nowhere["API key"]}
    assert run.product.ask("POST", "/api/jobs", body, headers=key)[0] == 400
    wrong = {"X-API-Key": run.new("wrong API key").encode("ascii", "replace").decode()}
    assert run.product.ask("GET", "/api/jobs", headers=wrong)[0] == 401
    return jobs


def echoes(exchange: Any) -> None:
    """Answer with what was asked, as a careless server does."""
    said = f"bad: {exchange.seen.body.decode()} {exchange.seen.headers}".encode()
    head = f"HTTP/1.1 500 Bad\r\nContent-Type: text/plain\r\nContent-Length: {len(said)}\r\n\r\n"
    exchange.send(head.encode() + said)


def command_lines(run: Run) -> bytes:
    """Return the command lines of all processes of the product and of its jobs."""
    found = b""
    for process in run.product.processes():
        with suppress(OSError, psutil.Error):
            found += Path(f"/proc/{process.pid}/cmdline").read_bytes() + b"\n"
    return found


def messages(run: Run) -> bytes:
    """Return all keys and values of the broker, as text."""
    path = Settings(data_dir=run.product.data).broker_socket
    read: dict[bytes, Callable[[Any, bytes], Any]] = {
        b"string": lambda c, k: c.get(k),
        b"list": lambda c, k: c.lrange(k, 0, -1),
        b"hash": lambda c, k: c.hgetall(k),
        b"set": lambda c, k: c.smembers(k),
        b"zset": lambda c, k: c.zrange(k, 0, -1, withscores=True),
    }
    with redis.Redis(unix_socket_path=str(path)) as client:
        kinds = {key: client.type(key) for key in client.keys("*")}
        return repr(
            [(key, read[kind](client, key)) for key, kind in kinds.items() if kind in read]
        ).encode()


def test_no_secret_is_in_database_logs_broker_command_lines_or_messages(
    run: Run, target: HttpTarget
) -> None:
    jobs = use(run, target)
    found: list[str] = []

    def all_ended() -> bool:
        found.extend(run.found_in("a command line", command_lines(run)))
        found.extend(run.found_in("the broker", messages(run)))
        ends = {
            run.get(f"/api/executions?job_id={job['id']}&include=all")[0]["status"] for job in jobs
        }
        return ends <= {"failed", "dead_letter", "completed"}

    until(all_ended, 60, "the jobs end")
    hooks = until(lambda: [s for s in target.seen if s.target == "/hook"][2:], 30, "deliveries")
    assert hooks
    answers = [run.get(f"/api/executions?job_id={job['id']}&include=all")[0] for job in jobs]
    shown = [run.get(f"/api/executions/{one['id']}/logs") for one in answers]
    assert "***" in str(shown[0])
    assert "***" in str(shown[1])
    found += run.found_in("the API", repr([answers, shown]).encode(), config=False)
    for seen in target.seen:
        if seen.target == "/hook":
            found += run.found_in("a webhook", seen.body + repr(seen.headers).encode())
    run.product.stop()
    found += run.found_in("the log", run.product.log.read_bytes())
    found += run.found_in("the dump", run.dump(), config=False)
    files = [path for path in run.product.data.rglob("*") if path.is_file()]
    assert any(path.name.startswith("oneoff.db") for path in files) or run.dump()
    for path in files:
        is_database = path.name.startswith("oneoff.db")
        found += run.found_in(path.name, path.read_bytes(), config=not is_database)
    assert sorted(set(found)) == []
