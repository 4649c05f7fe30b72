"""A small typed client of the HTTP API: ``with Client() as oneoff: oneoff.jobs.create(…)``."""

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
from app.client.moments import JobStats
from app.client.people import Role, User
from app.client.queue_things import Pause, Queue, Stats
from app.client.sign_in import Tokens, Who
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
from app.client.webhooks import Delivery, Webhook

__all__ = [
    "BulkResult",
    "Chain",
    "ChainRun",
    "Client",
    "ClientError",
    "Conflict",
    "DeadLetterBatch",
    "DeadLetterGroup",
    "Delivery",
    "Execution",
    "Forbidden",
    "Invalid",
    "Job",
    "JobStats",
    "Key",
    "Line",
    "NotFound",
    "Options",
    "Page",
    "Pause",
    "Project",
    "Queue",
    "RateLimited",
    "Refused",
    "Role",
    "Started",
    "Stats",
    "Tag",
    "Tokens",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "User",
    "Webhook",
    "Who",
    "Worker",
    "plain_url",
]
