"""The tables, one aggregate a file."""

from app.models.api_keys import ApiKey
from app.models.audit import AuditChain, AuditEntry
from app.models.base import Base
from app.models.chains import Chain, ChainLink, ChainRun
from app.models.emails import Email, JobStreak
from app.models.executions import Execution, ExecutionLog
from app.models.jobs import Job, JobVersion, job_tags
from app.models.people import Role, User, UserSession, project_members, user_roles
from app.models.projects import Project, Tag
from app.models.sign_ins import SignInTry, SpentState
from app.models.system import (
    IdempotencyKey,
    Installation,
    Lease,
    Pause,
    Queue,
    QueueStart,
    SystemConfig,
    Tally,
    Worker,
)
from app.models.usage import JobRollup, RollupMark, UsageSample
from app.models.variables import Variable
from app.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "AuditChain",
    "AuditEntry",
    "Base",
    "Chain",
    "ChainLink",
    "ChainRun",
    "Email",
    "Execution",
    "ExecutionLog",
    "IdempotencyKey",
    "Installation",
    "Job",
    "JobRollup",
    "JobStreak",
    "JobVersion",
    "Lease",
    "Pause",
    "Project",
    "Queue",
    "QueueStart",
    "Role",
    "RollupMark",
    "SignInTry",
    "SpentState",
    "SystemConfig",
    "Tag",
    "Tally",
    "UsageSample",
    "User",
    "UserSession",
    "Variable",
    "Webhook",
    "WebhookDelivery",
    "Worker",
    "job_tags",
    "project_members",
    "user_roles",
]
