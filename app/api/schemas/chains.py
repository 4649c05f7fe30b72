"""Chains and their runs on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, NEW_OWNER, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Choice, Flag, Id, Text, Whole, at_most
from app.domain import chains
from app.domain import execution_state as state
from app.domain.names import check_queue, clean_name


class LinkIn(InputSchema):
    """A job's place in a chain."""

    job_id = Id(required=True, error_messages=MISSING)
    stop_on_failure = Flag(metadata={"description": "Default true"})
    run_if = Choice(*chains.RUN_IF, metadata={"description": "Default success"})


_FEW = ma.validate.Length(max=chains.MAX_LINKS, error=f"must have at most {chains.MAX_LINKS} links")


class _ChainFields(InputSchema):
    clearable = frozenset({"description", "priority", "queue", "schedule"})

    description = Text(at_most(10_000), allow_none=True)
    project_id = Id()
    priority = Whole(1, 10, allow_none=True)
    queue = Text(check_queue, allow_none=True)
    links = ma.fields.List(ma.fields.Nested(LinkIn), validate=_FEW)
    job_ids = ma.fields.List(Id(), validate=_FEW, metadata={"description": "In place of links"})
    schedule = ma.fields.Dict(
        keys=ma.fields.String(),
        allow_none=True,
        error_messages={"invalid": "must be an object with a type, such as cron"},
        metadata={
            "description": "When it is started by itself: cron, fixed_rate or calendar",
            "example": {"type": "cron", "expression": "0 3 * * *"},
        },
    )
    enabled = Flag(metadata={"description": "Whether its schedule starts it; default true"})


class NewChain(_ChainFields):
    """A chain to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)


class ChainEdit(_ChainFields):
    """What is to be changed of a chain; links are replaced as a whole."""

    name = Text(clean_name)
    created_by = Text(at_most(255), metadata=NEW_OWNER)


class ChainQuery(PageQuery):
    """Which chains are wanted."""

    project_id = Id()
    job_id = Id(metadata={"description": "Those with a link that runs this job"})


class ChainExecute(Schema):
    """A start of a chain: there is nothing to say yet."""

    empty_body = True


class ChainResume(InputSchema):
    """From which link a run goes on."""

    empty_body = True

    first = Whole(
        1,
        chains.MAX_LINKS,
        data_key="from",
        metadata={"description": "From 1; without it from the link that failed"},
    )


class LinkOut(Schema):
    """A job's place in a chain."""

    id = ma.fields.String()
    chain_id = ma.fields.String()
    job_id = ma.fields.String()
    job_name = ma.fields.String(
        allow_none=True, metadata={"description": "null if the job is not for you to see"}
    )
    sequence_order = ma.fields.Integer(metadata={"description": "From 1"})
    stop_on_failure = ma.fields.Boolean()
    run_if = ma.fields.String(metadata={"enum": list(chains.RUN_IF)})
    created_at = ma.fields.DateTime()


class ChainOut(Schema):
    """A chain."""

    id = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    project_id = ma.fields.String()
    priority = ma.fields.Integer(allow_none=True)
    queue = ma.fields.String(allow_none=True)
    schedule = ma.fields.Dict(allow_none=True)
    enabled = ma.fields.Boolean()
    next_due_at = ma.fields.DateTime(allow_none=True)
    created_by = ma.fields.String(
        allow_none=True, metadata={"description": "Its owner, such as user:ann"}
    )
    links = ma.fields.List(ma.fields.Nested(LinkOut))
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class ChainStartedOut(Schema):
    """What a start of a chain made."""

    message = ma.fields.String()
    chain_run_id = ma.fields.String()
    status = ma.fields.String(metadata={"enum": list(chains.STATUSES)})


class ChainRunOut(Schema):
    """A pass through a chain."""

    id = ma.fields.String()
    chain_id = ma.fields.String()
    number = ma.fields.Integer(metadata={"description": "Counts per chain, from 1"})
    status = ma.fields.String(metadata={"enum": list(chains.STATUSES)})
    origin = ma.fields.String()
    actor = ma.fields.String(allow_none=True)
    due_at = ma.fields.DateTime()
    moments = ma.fields.Integer(metadata={"description": "How many moments it stands for"})
    current_index = ma.fields.Integer(metadata={"description": "The link whose turn it is"})
    total_links = ma.fields.Integer()
    link_statuses = ma.fields.List(
        ma.fields.String(metadata={"enum": ["pending", *sorted(state.FINAL)]}),
        metadata={"description": "How each link ended; pending: not yet, or not at all"},
    )
    started_at = ma.fields.DateTime()
    completed_at = ma.fields.DateTime()
    duration_ms = ma.fields.Integer()
    error = ma.fields.String()


class LinkExecutionOut(Schema):
    """An execution of a link, in short."""

    id = ma.fields.String()
    job_id = ma.fields.String()
    number = ma.fields.Integer()
    status = ma.fields.String(metadata={"enum": list(state.STATUSES)})
    attempt = ma.fields.Integer()
    blocked_on = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    queued_at = ma.fields.DateTime(allow_none=True)
    started_at = ma.fields.DateTime(allow_none=True)
    completed_at = ma.fields.DateTime(allow_none=True)
    duration_ms = ma.fields.Integer(allow_none=True)
    exit_code = ma.fields.Integer(allow_none=True)
    error = ma.fields.String(allow_none=True)
    error_code = ma.fields.String(allow_none=True)


class RunLinkOut(Schema):
    """A link of a run: what it was at the start of the run, and what became of it."""

    index = ma.fields.Integer(metadata={"description": "From 1"})
    job_id = ma.fields.String()
    job_name = ma.fields.String(
        allow_none=True, metadata={"description": "null if the job is not for you to see"}
    )
    queue = ma.fields.String(allow_none=True)
    priority = ma.fields.Integer()
    stop_on_failure = ma.fields.Boolean()
    run_if = ma.fields.String(metadata={"enum": list(chains.RUN_IF)})
    status = ma.fields.String(metadata={"enum": ["pending", *state.STATUSES]})
    outcome = ma.fields.String(
        allow_none=True,
        metadata={
            "enum": [chains.SUCCESS, chains.FAILURE, None],
            "description": "None while it is not over, or if it was passed over",
        },
    )
    reason = ma.fields.String(allow_none=True)
    reason_code = ma.fields.String(
        allow_none=True, metadata={"description": "What a reason says; null in free words"}
    )
    reason_params = ma.fields.Dict(metadata={"description": "The values in a reason"})
    duration_ms = ma.fields.Integer(allow_none=True)
    executions = ma.fields.List(ma.fields.Nested(LinkExecutionOut))


class ChainRunDetailOut(ChainRunOut):
    """A pass through a chain, with its links."""

    chain_name = ma.fields.String()
    links = ma.fields.List(ma.fields.Nested(RunLinkOut))
