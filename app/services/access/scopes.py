"""Which rows somebody sees whose sight is limited: one condition for each kind of row.

The inner queries name plain tables under names of their own: conditions are added to whatever
names a class of the mapper, and these are the conditions themselves.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.models import (
    Chain,
    ChainLink,
    ChainRun,
    Email,
    Execution,
    ExecutionLog,
    Job,
    JobRollup,
    JobVersion,
    Project,
    Queue,
    Tag,
    Tally,
    UsageSample,
    Variable,
    Webhook,
    WebhookDelivery,
    job_tags,
)
from app.services.access.principal import Sight

#: Everybody knows of this project, whose name says nothing; of its jobs each sees what is his.
DEFAULT_PROJECT: Final = "default"
Condition = sa.ColumnElement[bool]


def _table(model: Any, name: str) -> Any:
    return model.__table__.alias(name).c


_jobs, _executions = _table(Job, "seen_jobs"), _table(Execution, "seen_executions")
_chains, _webhooks = _table(Chain, "seen_chains"), _table(Webhook, "seen_webhooks")
_tags = job_tags.alias("seen_tags").c
#: Spelt as in the partial indexes of what people own and did.
_OF_PEOPLE: Any = sa.literal_column("'user:%'")


class _among(FunctionElement[Any]):  # noqa: N801 - reads as an SQL function
    """Whether a column is one of the values of a query, so that both databases ask its index.

    PostgreSQL combines indexes for an OR only if it knows the values before.
    """

    # A Boolean would be compared with 1 on SQLite, and no index would serve.
    type = sa.types.NULLTYPE
    inherit_cache = True
    name = "among"


@compiles(_among, "sqlite")
def _among_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, query = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN {query}"


@compiles(_among, "postgresql")
def _among_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, query = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY (ARRAY{query})"


def _is_mine(column: Any, sight: Sight) -> Condition:
    if not sight.actor.startswith("user:"):
        return sa.false()
    return sa.and_(column == sight.actor, column.like(_OF_PEOPLE))


def _is_within(project_id: Any, sight: Sight) -> Condition:
    return sa.true() if sight.within is None else project_id == sight.within


def _is_in_project(project_id: Any, sight: Sight) -> Condition:
    """Of a project in which everything is seen."""
    if sight.everything:
        return sa.true()
    return project_id.in_(sorted(sight.projects)) if sight.projects else sa.false()


def _owned(c: Any, sight: Sight) -> Condition:
    reach = sa.or_(_is_in_project(c.project_id, sight), _is_mine(c.created_by, sight))
    return sa.and_(_is_within(c.project_id, sight), reach)


def owned_by(project_id: str | None, created_by: str | None, sight: Sight) -> Condition:
    """Return the condition of jobs and chains for one whose row is gone."""
    values = SimpleNamespace(
        project_id=sa.literal(project_id, sa.String), created_by=sa.literal(created_by, sa.String)
    )
    return sa.func.coalesce(_owned(values, sight), sa.false())


def _execution(c: Any, sight: Sight) -> Condition:
    """Of a job that is seen, whose project its row names as well; or started by oneself."""
    if sight.everything:
        return _is_within(c.project_id, sight)
    mine = sa.select(_jobs.id).where(_is_mine(_jobs.created_by, sight))
    reach = (
        _is_in_project(c.project_id, sight),
        _among(c.job_id, mine.scalar_subquery()),
        _is_mine(c.actor, sight),
    )
    return sa.and_(_is_within(c.project_id, sight), sa.or_(*reach))


def _log(c: Any, sight: Sight) -> Condition:
    is_its = _executions.id == c.execution_id
    return sa.exists().where(is_its, _execution(_executions, sight))


def _link(c: Any, sight: Sight) -> Condition:
    return sa.exists().where(_chains.id == c.chain_id, _owned(_chains, sight))


def _run(c: Any, sight: Sight) -> Condition:
    reach = sa.or_(
        _is_in_project(_chains.project_id, sight),
        _is_mine(_chains.created_by, sight),
        _is_mine(c.actor, sight),
    )
    is_its = _chains.id == c.chain_id
    return sa.exists().where(is_its, _is_within(_chains.project_id, sight), reach)


def _webhook(c: Any, sight: Sight) -> Condition:
    """A webhook tells of all that happens in its project: it is for who sees all of that."""
    if sight.everything and sight.within is None:
        return sa.true()
    return sa.and_(
        _is_within(c.project_id, sight),
        _is_in_project(c.project_id, sight),
        c.project_id.is_not(None),
    )


def _delivery(c: Any, sight: Sight) -> Condition:
    return sa.exists().where(_webhooks.id == c.webhook_id, _webhook(_webhooks, sight))


def _project(c: Any, sight: Sight) -> Condition:
    jobs = sa.select(_jobs.project_id).where(_is_mine(_jobs.created_by, sight))
    chains = sa.select(_chains.project_id).where(_is_mine(_chains.created_by, sight))
    reach = sa.or_(
        _is_in_project(c.id, sight),
        c.id == DEFAULT_PROJECT,
        c.id.in_(jobs),
        c.id.in_(chains),
    )
    return sa.and_(_is_within(c.id, sight), reach)


def _tag(c: Any, sight: Sight) -> Condition:
    """A tag that only hidden jobs carry is hidden with them."""
    carried = sa.exists().where(_tags.tag_id == c.id)
    seen = sa.exists().where(_tags.tag_id == c.id, _jobs.id == _tags.job_id, _owned(_jobs, sight))
    return sa.or_(c.is_default, seen, ~carried)


def _queue(c: Any, sight: Sight) -> Condition:
    """The queue of all, and those that something names which is seen."""
    jobs = sa.select(_jobs.queue).where(_owned(_jobs, sight))
    chains = sa.select(_chains.queue).where(_owned(_chains, sight), _chains.queue.is_not(None))
    return sa.or_(c.name == "default", c.name.in_(jobs), c.name.in_(chains))


def _of_job(c: Any, sight: Sight) -> Condition:
    return sa.exists().where(_jobs.id == c.job_id, _owned(_jobs, sight))


def _variable(c: Any, sight: Sight) -> Condition:
    """Those that apply to what is seen; a project's are for who sees all of that."""
    is_global = c.scope == "global"
    is_project = sa.and_(_is_within(c.project_id, sight), _is_in_project(c.project_id, sight))
    return sa.or_(is_global, sa.and_(c.project_id.is_not(None), is_project), _of_job(c, sight))


def _none(_columns: Any, _sight: Sight) -> Condition:
    """Counters count everything: whoever may not see all that must not read them by chance."""
    return sa.false()


#: A model that belongs to somebody or to a project needs its line here.
CONDITIONS: Final[dict[type[Any], Callable[[Any, Sight], Condition]]] = {
    Chain: _owned,
    ChainLink: _link,
    ChainRun: _run,
    Email: _of_job,
    Execution: _execution,
    ExecutionLog: _log,
    UsageSample: _log,
    Job: _owned,
    JobRollup: _of_job,
    JobVersion: _of_job,
    Project: _project,
    Queue: _queue,
    Tag: _tag,
    Tally: _none,
    Variable: _variable,
    Webhook: _webhook,
    WebhookDelivery: _delivery,
}
