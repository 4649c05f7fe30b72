"""A small typed client of the HTTP API: ``with Client() as oneoff: oneoff.jobs.create(…)``."""

from app.client.audit import AuditEntry
from app.client.bulk import BulkStep, BulkTrial
from app.client.burials import DeadLetterBatch, DeadLetterGroup
from app.client.chain_things import Chain, ChainRun
from app.client.client import Client
from app.client.connection import Key, Options, plain_url
from app.client.errors import (
    ClientError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unauthenticated,
    Unavailable,
    Unreachable,
    Unreadable,
)
from app.client.mail import Email, MailTrial, Smtp, Zone
from app.client.moments import JobStats, Revision
from app.client.people import Role, User
from app.client.queue_things import Pause, Queue, Stats
from app.client.sign_in import Tokens, Who
from app.client.system_things import Hit, Overview
from app.client.things import (
    BulkResult,
    Execution,
    Job,
    Line,
    Page,
    Project,
    Started,
    Tag,
    Worker,
)
from app.client.usage import BucketMetrics, ExecutionMetrics, JobMetrics, Sample
from app.client.variables import Variable
from app.client.webhooks import Delivery, Webhook

__all__ = [
    "AuditEntry",
    "BucketMetrics",
    "BulkResult",
    "BulkStep",
    "BulkTrial",
    "Chain",
    "ChainRun",
    "Client",
    "ClientError",
    "Conflict",
    "DeadLetterBatch",
    "DeadLetterGroup",
    "Delivery",
    "Email",
    "Execution",
    "ExecutionMetrics",
    "Forbidden",
    "Hit",
    "Invalid",
    "Job",
    "JobMetrics",
    "JobStats",
    "Key",
    "Line",
    "MailTrial",
    "NotFound",
    "Options",
    "Overview",
    "Page",
    "Pause",
    "Project",
    "Queue",
    "RateLimited",
    "Refused",
    "Revision",
    "Role",
    "Sample",
    "Smtp",
    "Started",
    "Stats",
    "Tag",
    "Tokens",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "User",
    "Variable",
    "Webhook",
    "Who",
    "Worker",
    "Zone",
    "plain_url",
]
