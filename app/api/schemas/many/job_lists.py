"""What narrows lists of jobs, on the wire."""

from app.api.schemas.common import PageQuery, Schema
from app.api.schemas.fields import (
    Choice,
    Id,
    QueryFlag,
    QueryMoment,
    QueryWhole,
    Several,
    Text,
    at_most,
    owner,
)
from app.api.schemas.jobs import RESULTS
from app.domain.specs import SPECS
from app.services.totals import JOB_STATUSES


def _known_type(text: str) -> str:
    if text not in SPECS:
        raise ValueError(f"job type not found; there are: {', '.join(sorted(SPECS))}")
    return text


class JobFilter(Schema):
    """What narrows a list of jobs."""

    project_id = Several(Id())
    status = Several(Choice(*JOB_STATUSES))
    type = Several(Text(_known_type))
    search = Text(at_most(255), metadata={"description": "A part of the name, in any case"})
    tag_id = Several(Id())
    result = Several(
        Choice(*RESULTS), metadata={"description": "How it ended last; several: any of them"}
    )
    queue = Several(Text(at_most(255)))
    priority = Several(QueryWhole(1, 10))
    enabled = QueryFlag()
    resting = QueryFlag(metadata={"description": "true: only what is paused or switched off"})
    created_by = Text(owner, metadata={"description": "Its owner: me, or such as user:ann"})
    time_from = QueryMoment(metadata={"description": "Earliest scheduled_at"})
    time_to = QueryMoment(metadata={"description": "Latest scheduled_at"})
    created_from = QueryMoment(metadata={"description": "Earliest created_at"})
    created_to = QueryMoment(metadata={"description": "Latest created_at"})


class JobQuery(PageQuery, JobFilter):
    """Filters and order of a list of jobs."""

    sort_by = Choice("scheduled_at", "priority", "created_at", "name", "last_ended_at")
