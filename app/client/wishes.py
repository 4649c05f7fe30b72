"""What a caller may say: the bodies and queries of requests, for type checkers.

The server checks the values; here they only have names.
"""

from collections.abc import Sequence
from typing import Any, Required, TypedDict


class PageQuery(TypedDict, total=False):
    """Which page of a list is wanted."""

    limit: int
    offset: int
    cursor: str
    sort_order: str


class JobQuery(PageQuery, total=False):
    """Filters and order of a list of jobs; its owner is ``me`` or such as ``user:ann``."""

    project_id: str | Sequence[str] | None
    status: str | Sequence[str] | None
    type: str | Sequence[str] | None
    search: str | None
    tag_id: Sequence[str]
    result: str | Sequence[str] | None
    queue: str | Sequence[str] | None
    priority: int | Sequence[int] | None
    enabled: bool | None
    resting: bool | None
    created_by: str | None
    time_from: str | None
    time_to: str | None
    created_from: str | None
    created_to: str | None
    sort_by: str | None


class ExecutionQuery(PageQuery, total=False):
    """Filters and order of a list of executions."""

    job_id: str | None
    status: Sequence[str]
    #: ``all`` lists also what has not started.
    include: str | None
    project_id: str | Sequence[str] | None
    tag_id: Sequence[str]
    date_from: str | None
    date_to: str | None
    origin: str | Sequence[str] | None
    worker: str | Sequence[str] | None
    queue: str | Sequence[str] | None
    error_code: str | Sequence[str] | None
    duration_from: int | None
    sort_by: str | None


class DeadLetterFilters(TypedDict, total=False):
    """What narrows the dead letters. Moments are RFC 3339, and of their ends."""

    job_id: str | None
    project_id: str | None
    tag_id: Sequence[str]
    type: str | None
    error_code: str | None
    fingerprint: str | None
    date_from: str | None
    date_to: str | None


class DeadLetterQuery(PageQuery, DeadLetterFilters, total=False):
    """Filters and order of a list of dead letters."""


class AuditFilters(TypedDict, total=False):
    """What narrows the audit log. Moments are RFC 3339."""

    actor: str | None
    action: str | None
    target_kind: str | None
    target_id: str | None
    project_id: str | None
    result: str | None
    address: str | None
    date_from: str | None
    date_to: str | None
    search: str | None


class AuditQuery(PageQuery, AuditFilters, total=False):
    """Filters and order of a list of rows of the audit log."""


class JobFields(TypedDict, total=False):
    """What can be said of a job, new or not."""

    scheduled_at: str
    priority: int
    project_id: str
    timezone: str
    tag_ids: Sequence[str]
    description: str | None
    enabled: bool
    queue: str
    timeout_seconds: int | None
    on_lost: str
    overlap: str
    retry: dict[str, Any] | str | None
    concurrency_key: str | None
    concurrency_limit: int
    external_id: str | None
    keep_last: int | None
    retention_days: int | None
    #: Who is written to, comma-separated or a list, and of which ends: always, failure, success.
    notify_emails: str | Sequence[str] | None
    notify_on: str
    #: When it runs: ``{"type": "cron", "expression": "0 9 * * MON-FRI"}`` and the like.
    schedule: dict[str, Any] | None
    misfire: str
    misfire_limit: int
    misfire_grace_seconds: int


class NewJob(JobFields, total=False):
    """A job to be made; ``scheduled_at`` is a moment or ``now``."""

    name: Required[str]
    type: Required[str]
    config: Required[dict[str, Any] | str]
    immediate: bool
    auto_start: bool


class JobEdit(JobFields, total=False):
    """What is to be changed of a job."""

    name: str
    config: dict[str, Any] | str
    status: str
    #: The new owner, such as ``user:ann``.
    created_by: str


class QueueEdit(TypedDict, total=False):
    """What is to be changed of a queue; a rate is such as ``10/1m``."""

    limit: int | None
    rate: str | None


class EnqueueFields(TypedDict, total=False):
    """What can be said of work for a queue, besides its payload."""

    queue: str
    priority: int
    delay: int | str
    max_attempts: int
    name: str
    project_id: str


class Link(TypedDict, total=False):
    """A job's place in a chain."""

    job_id: Required[str]
    stop_on_failure: bool
    run_if: str


class ChainFields(TypedDict, total=False):
    """What can be said of a chain, besides its name; ``job_ids`` or ``links``."""

    description: str | None
    project_id: str
    priority: int | None
    queue: str | None
    job_ids: Sequence[str]
    links: Sequence[Link]
    schedule: dict[str, Any] | None
    enabled: bool


class ChainEdit(ChainFields, total=False):
    """What is to be changed of a chain; links are replaced as a whole."""

    name: str
    #: The new owner, such as ``user:ann``.
    created_by: str


class ProjectFields(TypedDict, total=False):
    """What can be said of a project, besides its name."""

    description: str | None
    color: str | None
    icon: str | None
    is_archived: bool


class ProjectEdit(ProjectFields, total=False):
    """What is to be changed of a project."""

    name: str


class WebhookFields(TypedDict, total=False):
    """What can be said of a webhook, new or not."""

    secret: str | None
    project_id: str | None
    is_active: bool


class WebhookEdit(WebhookFields, total=False):
    """What is to be changed of a webhook."""

    name: str
    url: str
    events: str | Sequence[str]


class DeliveryQuery(PageQuery, total=False):
    """Filters of a list of deliveries."""

    status: str | None
    event: str | None


class VariableQuery(PageQuery, total=False):
    """Filters and order of a list of variables."""

    scope: str | None
    project_id: str | None
    job_id: str | None
    search: str | None
    sort_by: str | None


class VariableFields(TypedDict, total=False):
    """What can be said of a new variable, besides its name and value."""

    is_sensitive: bool
    scope: str
    project_id: str | None
    job_id: str | None
    description: str | None


class VariableEdit(TypedDict, total=False):
    """What is to be changed of a variable."""

    name: str
    value: str
    is_sensitive: bool
    description: str | None


class SmtpEdit(TypedDict, total=False):
    """What is to be changed of the settings of e-mail; ``None`` means the default.

    The name ``from`` is a word of Python: it is given as ``**{"from": "jobs@example.com"}``.
    """

    server: str | None
    port: int | None
    security: str | None
    username: str | None
    password: str | None
    timeout_seconds: float | None
    language: str | None
    alert_emails: str | Sequence[str] | None


class MailQuery(PageQuery, total=False):
    """Filters of a list of e-mails."""

    status: str | None
    job_id: str | None


class TagFields(TypedDict, total=False):
    """What can be said of a tag, besides its name."""

    color: str | None
    is_default: bool


class TagEdit(TagFields, total=False):
    """What is to be changed of a tag."""

    name: str
