"""A small typed client of the HTTP API: ``with Client() as oneoff: oneoff.jobs.create(…)``."""

from app.client.chain_things import Chain, ChainRun
from app.client.client import Client
from app.client.connection import Options
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
from app.client.things import BulkResult, Execution, Job, Line, Page, Project, Started, Tag, Worker

__all__ = [
    "BulkResult",
    "Chain",
    "ChainRun",
    "Client",
    "ClientError",
    "Conflict",
    "Execution",
    "Forbidden",
    "Invalid",
    "Job",
    "Line",
    "NotFound",
    "Options",
    "Page",
    "Project",
    "RateLimited",
    "Refused",
    "Started",
    "Tag",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "Worker",
]
