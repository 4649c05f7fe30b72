"""All that is fixed at start, as one frozen object."""

import functools
import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from app.domain.containers import ContainerRules
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules
from app.domain.rules import Rules
from app.domain.setting_fields import (
    Allowed,
    Level,
    Names,
    Networks,
    Packages,
    Zone,
    driver_named,
)
from app.settings.mail import MailSettings
from app.settings.security import SecuritySettings
from app.settings.telemetry import TelemetrySettings

#: Values that the table system_config holds too, with the setting that seeds each.
RUNTIME_KEYS = (
    *("workers_count", "default_timezone", "default_priority"),
    *("log_retention_days", "metrics_retention_days"),
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Unix sockets can't have longer paths everywhere (bytes).
LONGEST_SOCKET_PATH = 100


class Settings(MailSettings, SecuritySettings, TelemetrySettings):
    """The settings of this start. Durations are in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    port: int = Field(8080, ge=1, le=65535, description="Port of the API")
    host: str = Field("localhost", min_length=1, description="Address to listen on")
    db_path: str = Field("", description="SQLite file; default ./oneoff.db or DATA_DIR/oneoff.db")
    workers_count: int = Field(0, ge=0, le=512, description="Run slots; 0 means cores/2, min 2")
    log_level: Level = Field("info", description="debug, info, warn or error")
    default_timezone: Zone = Field("UTC", description="Time zone of jobs that name none")
    log_retention_days: int = Field(90, ge=1, le=36500, description="Days executions are kept")
    metrics_retention_days: int = Field(
        30, ge=1, le=36500, description="Days samples of CPU and memory are kept"
    )
    rollup_retention_days: int = Field(
        400, ge=1, le=36500, description="Days hourly and daily figures of jobs are kept"
    )
    default_priority: int = Field(5, ge=1, le=10, description="Priority of jobs that name none")
    environment: str = Field("production", min_length=1, description="A label for logs")
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
    streams_max: int = Field(
        200, ge=0, le=10_000, description="Live streams that one API process holds open at once"
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

    @model_validator(mode="after")
    def _provider_leads_back(self) -> Self:
        if self.oidc_issuer and not self.public_url:
            raise ValueError(
                "OIDC_ISSUER needs PUBLIC_URL: where the provider leads people back to"
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
        files = _own_files(self.folder, Path(self.database.removeprefix("sqlite:///")))
        socket = self.docker_host.removeprefix("unix://")
        sockets = (socket,) if socket.startswith("/") else ()
        return ContainerRules(self.docker_allow, files, sockets)

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
    def provider_outbound(self) -> OutboundPolicy:
        """The policy for the identity provider, which the operator has named."""
        return OutboundPolicy(own=self.outbound.own)

    @property
    def webhook_outbound(self) -> OutboundPolicy:
        """The policy for webhooks: with authentication on, people who may not run jobs make them.

        Then what OUTBOUND_ALLOW opens for jobs stays closed, and so do private addresses.
        """
        of_jobs = () if self.auth_enabled else self.outbound_allow
        allow = (*of_jobs, *self.webhook_allow)
        return replace(self.outbound, allow=allow, reaches_private=not self.auth_enabled)


@functools.lru_cache(maxsize=16)
def _own_files(*paths: Path) -> tuple[str, ...]:
    """Return where our own files are, by each of their names; every new job is held against it."""
    found = {str(one) for path in paths if path.is_absolute() for one in (path, path.resolve())}
    return tuple(sorted(found))
