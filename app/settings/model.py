"""All that is fixed at start: one frozen object, and the only reader of the environment."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.domain.containers import ContainerRules
from app.domain.errors import Fault, Invalid, shorten
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules
from app.domain.rules import Rules
from app.domain.setting_fields import Allowed, Level, Names, Networks, Packages, Zone, driver_named

#: Settings that may hold a password: never shown, and each may come from a file (NAME_FILE).
SECRETS = frozenset({"database_url", "redis_url", "broker_url"})
#: Values that the table system_config holds too, with the setting that seeds each.
RUNTIME_KEYS = ("workers_count", "default_timezone", "log_retention_days", "default_priority")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Unix sockets can't have longer paths everywhere (bytes).
LONGEST_SOCKET_PATH = 100
#: Other names under which people of other systems know the same settings.
ALIAS_PREFIXES = ("TASKFLOW_", "APP__")


class Settings(BaseModel):
    """The settings of this start. Durations are in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    port: int = Field(8080, ge=1, le=65535, description="Port of the API")
    host: str = Field("localhost", min_length=1, description="Address to listen on")
    db_path: str = Field("", description="SQLite file; default ./oneoff.db or DATA_DIR/oneoff.db")
    workers_count: int = Field(0, ge=0, le=512, description="Run slots; 0 means cores/2, min 2")
    log_level: Level = Field("info", description="debug, info, warn or error")
    default_timezone: Zone = Field("UTC", description="Time zone of jobs that name none")
    log_retention_days: int = Field(90, ge=1, le=36500, description="Days executions are kept")
    default_priority: int = Field(5, ge=1, le=10, description="Priority of jobs that name none")
    environment: str = Field("production", min_length=1, description="A label for logs")
    auth_enabled: bool = Field(
        default=False, description="Ask for an API key; needed to listen on other than loopback"
    )
    metrics_enabled: bool = Field(default=True, description="Answer /metrics")
    database_url: str = Field(
        "", description="sqlite:/// or postgresql:// address; wins over DB_PATH"
    )
    redis_url: str = Field(
        "", description="Redis server; the broker unless BROKER_URL names another"
    )
    broker_url: str = Field("", description="Broker of Celery; default REDIS_URL, else embedded")
    data_dir: Path = Field(Path("~/.oneoff"), description="Folder for all files of the product")
    handoff_horizon_seconds: float = Field(
        10, ge=1, le=30, description="How early rows are handed to the broker"
    )
    lease_seconds: float = Field(
        15, ge=2, le=600, description="After this silence a worker is judged dead"
    )
    shutdown_grace_seconds: float = Field(
        30, ge=0, le=3600, description="Time running jobs get when a worker stops"
    )
    max_output_bytes: int = Field(
        10 * 1024**2, ge=1024, le=1024**3, description="Output kept of one execution"
    )
    shell_env_allow: Names = Field((), description="Variables that scripts inherit; * means all")
    log_max_bytes: int = Field(
        10 * 1024**2, ge=1024, le=1024**4, description="Size at which a log file is put aside"
    )
    log_keep: int = Field(5, ge=1, le=1000, description="Log files put aside that are kept")
    allowed_origins: Names = Field((), description="Origins of web pages that may call the API")
    outbound_deny: Networks = Field((), description="Networks that http jobs may not reach")
    outbound_allow: Networks = Field(
        (), description="Networks that they may reach in spite of the built-in rule"
    )
    docker_host: str = Field(
        "unix:///var/run/docker.sock",
        min_length=1,
        description="Docker engine for docker jobs; unix:// or tcp:// address",
    )
    docker_allow: Allowed = Field(
        (), description="What docker jobs may have besides: network:host, cap:NAME, bind:PATH"
    )
    claude_command: str = Field(
        "claude", min_length=1, description="Program of claude jobs: a name on PATH, or a path"
    )
    claude_allow_skip_permissions: bool = Field(
        default=False, description="Let claude jobs act without asking for permission"
    )
    claude_log_dir: str = Field(
        "", description="Folder for the log files of claude jobs; default DATA_DIR/claude-logs"
    )
    python_allow: Packages = Field(
        (), description="Packages whose callables python jobs may run; none by default"
    )
    webhook_max_retries: int = Field(
        12, ge=0, le=100, description="Tries of a webhook delivery after the first"
    )
    webhook_timeout_seconds: float = Field(
        30, ge=0.1, le=60, description="Time a receiver of webhooks has to answer"
    )
    webhook_allow: Networks = Field(
        (), description="Private networks that webhooks may reach though authentication is on"
    )
    #: Names given by a flag or the environment of this start, in lower case.
    given: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _loopback_only(self) -> Self:
        if not self.auth_enabled and self.host not in LOOPBACK:
            raise ValueError(
                f"HOST={self.host} is refused: without authentication the product listens on "
                "localhost only (a stranger could start shell jobs); set AUTH_ENABLED=true"
            )
        return self

    @property
    def folder(self) -> Path:
        """The data folder, with ``~`` expanded."""
        return self.data_dir.expanduser().absolute()

    @property
    def log_file(self) -> Path:
        """Where the product in the background writes its log."""
        return self.folder / "logs" / "oneoff.log"

    @property
    def broker_log_file(self) -> Path:
        """Where the embedded broker writes its log."""
        return self.folder / "logs" / "broker.log"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        if self.database_url:
            return driver_named(self.database_url)
        if self.db_path:
            return f"sqlite:///{Path(self.db_path).expanduser().absolute()}"
        here = Path("oneoff.db").absolute()
        return f"sqlite:///{here if here.exists() else self.folder / 'oneoff.db'}"

    @property
    def broker(self) -> str:
        """The address of Celery's broker: as given, else the embedded server's socket."""
        return self.broker_url or self.redis_url or f"redis+socket://{self.broker_socket}"

    @property
    def broker_socket(self) -> Path:
        """Where the embedded broker listens. A long path moves to a private short one."""
        path = self.folder / "broker.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"oneoff-{os.getuid()}-{name}" / "broker.sock"

    @property
    def embeds_broker(self) -> bool:
        """Whether ``serve`` starts the broker itself."""
        return not (self.broker_url or self.redis_url)

    @property
    def slots(self) -> int:
        """Run slots of one worker: WORKERS_COUNT, or half the cores, at least two."""
        return self.workers_count or max(2, (os.cpu_count() or 2) // 2)

    @property
    def rules(self) -> Rules:
        """The operator's rules that configs of jobs are held against."""
        return Rules(self.outbound, self.containers, self.programs)

    @property
    def programs(self) -> ProgramRules:
        """The rules for claude and python jobs."""
        return ProgramRules(self.claude_allow_skip_permissions, self.python_allow)

    @property
    def claude_logs(self) -> Path:
        """Where claude jobs leave their log files."""
        given = Path(self.claude_log_dir or "claude-logs").expanduser()
        return self.folder / given

    @property
    def containers(self) -> ContainerRules:
        """The rules for containers of jobs."""
        own = [self.folder, Path(self.database.removeprefix("sqlite:///"))]
        files = {str(p) for path in own if path.is_absolute() for p in (path, path.resolve())}
        socket = self.docker_host.removeprefix("unix://")
        sockets = (socket,) if socket.startswith("/") else ()
        return ContainerRules(self.docker_allow, tuple(sorted(files)), sockets)

    @property
    def outbound(self) -> OutboundPolicy:
        """The policy for requests that jobs send."""
        own = [
            (part.hostname, part.port or (5672 if part.scheme.startswith("amqp") else 6379))
            for part in map(urlsplit, {self.redis_url, self.broker_url})
            if part.hostname
        ]
        return OutboundPolicy(self.outbound_deny, self.outbound_allow, tuple(own))

    @property
    def webhook_outbound(self) -> OutboundPolicy:
        """The policy for webhooks: with authentication on, people who may not run jobs make them.

        Then what OUTBOUND_ALLOW opens for jobs stays closed, and so do private addresses.
        """
        of_jobs = () if self.auth_enabled else self.outbound_allow
        allow = (*of_jobs, *self.webhook_allow)
        return replace(self.outbound, allow=allow, reaches_private=not self.auth_enabled)


@dataclass(frozen=True, slots=True)
class Given:
    """One value with the place it came from, for messages."""

    value: Any
    source: str


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read flags > environment > file > defaults.

    Raises :class:`Invalid` that lists every fault with the source of the value.
    """
    environ = os.environ if environ is None else environ
    values = _from_environment(environ)
    values |= {
        name: Given(value, f"--{name.replace('_', '-')}")
        for name, value in (flags or {}).items()
        if value is not None
    }
    given = frozenset(values)
    values = _from_file(environ, values) | values
    return _validated(values, given)


def take_from_environment(name: str) -> str:
    """Return a variable that is meant for this process alone, and remove it."""
    return os.environ.pop(name, "")


def _validated(values: Mapping[str, Given], given: frozenset[str]) -> Settings:
    try:
        return Settings(**{name: g.value for name, g in values.items()}, given=given)
    except ValidationError as error:
        raise Invalid([_fault(item, values) for item in error.errors()]) from None


def _fault(item: Any, values: Mapping[str, Given]) -> Fault:
    name = str(item["loc"][0]) if item["loc"] else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    if not name:
        return Fault("", message)
    source = values[name].source if name in values else "default"
    shown = "***" if name in SECRETS else shorten(str(item.get("input", "")))
    return Fault(name.upper(), f"{message} (from {source})", shown)


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for name in Settings.model_fields:
        for variable in (*(p + name.upper() for p in ALIAS_PREFIXES), name.upper()):
            if environ.get(variable, "") != "":
                found[name] = Given(environ[variable], f"environment {variable}")
        if name in SECRETS and environ.get(f"{name.upper()}_FILE"):
            found[name] = _secret_file(name, environ[f"{name.upper()}_FILE"])
    return found


def _secret_file(name: str, path: str) -> Given:
    try:
        return Given(Path(path).read_text().strip(), f"file {path}")
    except OSError as error:
        fault = Fault(f"{name.upper()}_FILE", f"can't be read: {error.strerror}", shorten(path))
        raise Invalid([fault]) from None


def _from_file(environ: Mapping[str, str], values: Mapping[str, Given]) -> dict[str, Given]:
    """Read the settings file: ``ONEOFF_CONFIG``, else ``oneoff.env`` in the data folder."""
    named = environ.get("ONEOFF_CONFIG")
    folder = values["data_dir"].value if "data_dir" in values else "~/.oneoff"
    path = Path(named or f"{folder}/oneoff.env").expanduser()
    if not path.is_file():
        if named:
            raise Invalid([Fault("ONEOFF_CONFIG", "there is no such file", shorten(named))])
        return {}
    known = Settings.model_fields.keys() - {"given"}
    lines = {k.lower(): v for k, v in dotenv_values(path, interpolate=False).items()}
    unknown = sorted(lines.keys() - known)
    if unknown:
        raise Invalid([Fault(n.upper(), f"is no setting (from {path})") for n in unknown])
    return {n: Given(v, f"file {path}") for n, v in lines.items() if v not in (None, "")}
