"""Jobs at work and at rest, on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Choice, Moment, QueryMoment, QueryWhole, Text, at_most, in_bounds
from app.api.schemas.jobs import MISFIRES, MOMENT
from app.services.jobs.coming import MOST


class Pause(InputSchema):
    """Why a job rests, and until when."""

    empty_body = True

    reason = Text(at_most(255))
    until = Moment(metadata={"description": "Then it goes on by itself"})


class Resume(InputSchema):
    """What becomes of the moments that passed meanwhile."""

    empty_body = True

    missed = Choice(*MISFIRES, metadata={"description": "Default: the job's misfire"})


class Reschedule(InputSchema):
    """Another moment for a job that runs once."""

    scheduled_at = Text(required=True, error_messages=MISSING, metadata=MOMENT)


class MomentsOut(Schema):
    """The next moments of a job."""

    utc = ma.fields.DateTime()
    local = ma.fields.String(metadata={"description": "In the schedule's zone, with its offset"})


class NextOut(Schema):
    """The next moments, the earliest first; none while a job rests."""

    data = ma.fields.List(ma.fields.Nested(MomentsOut), required=True)


class NextQuery(Schema):
    """How many moments are wanted, and after which."""

    class Meta:
        unknown = ma.EXCLUDE

    count = QueryWhole(1, MOST, load_default=10)
    after = QueryMoment(validate=in_bounds)


class WhyQuery(Schema):
    """Which moment is meant."""

    class Meta:
        unknown = ma.EXCLUDE

    at = QueryMoment(validate=in_bounds, metadata={"description": "Default: now"})


_CODE = {"description": "What is said, for other languages; null if it is in free words"}
_PARAMS = {
    "description": "The values in it; one may be words by language (en, vi), or have a code, "
    "params and a text of its own"
}


class DecisionOut(Schema):
    """One decision."""

    step = ma.fields.String(metadata={"description": "schedule, policy, hand-off, queue, claim …"})
    text = ma.fields.String(metadata={"description": "In English"})
    code = ma.fields.String(allow_none=True, metadata=_CODE)
    params = ma.fields.Dict(metadata=_PARAMS)
    at = ma.fields.DateTime(allow_none=True)


class WhyOut(Schema):
    """The decisions behind an execution or a moment, in their order."""

    at = ma.fields.DateTime(metadata={"description": "The moment that was asked for"})
    execution_id = ma.fields.String(allow_none=True)
    status = ma.fields.String(allow_none=True)
    answer = ma.fields.String(metadata={"description": "All of it in one English sentence"})
    answer_code = ma.fields.String(allow_none=True, metadata=_CODE)
    answer_params = ma.fields.Dict(metadata=_PARAMS)
    steps = ma.fields.List(ma.fields.Nested(DecisionOut))
