"""Previews of schedules on the wire."""

from typing import Any, ClassVar

import marshmallow as ma

from app.api.schemas.common import MISSING, DraftSchema, Schema, WordsOut
from app.api.schemas.fields import Moment, Text, Whole, in_bounds
from app.api.schemas.lifecycle import MomentsOut
from app.domain.schedules.preview import MOST_MOMENTS
from app.domain.schedules.zones import check_zone
from app.services.schedules.preview import DEFAULT_COUNT


class SchedulePreview(DraftSchema):
    """A schedule that somebody thinks of, and which of its moments are wanted."""

    class Meta(DraftSchema.Meta):
        include: ClassVar[dict[str, Any]] = {
            "from": Moment(
                validate=in_bounds,
                metadata={"description": "Moments after this one; default: now"},
            )
        }

    schedule = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        error_messages=MISSING | {"invalid": "must be an object with a type, such as cron"},
        metadata={"example": {"type": "cron", "expression": "0 9 * * MON-FRI"}},
    )
    count = Whole(1, MOST_MOMENTS, metadata={"default": DEFAULT_COUNT})
    timezone = Text(check_zone, metadata={"description": "If the schedule names none"})


class PreviewedOut(MomentsOut):
    """A due moment."""

    blackout = ma.fields.String(
        metadata={"description": "The blackout in which it passes; left out if there is none"}
    )


class TransitionOut(Schema):
    """A change of the clocks, and what becomes of the schedule."""

    at = ma.fields.DateTime()
    before = ma.fields.String(metadata={"description": "What the clocks show until then"})
    after = ma.fields.String(metadata={"description": "What they show from then on"})
    kind = ma.fields.String(metadata={"enum": ["gap", "overlap"]})
    effect = ma.fields.String(
        metadata={"enum": ["none", "real_time", "moved", "left_out", "first", "both"]}
    )
    words = ma.fields.Nested(WordsOut)


class NoteOut(Schema):
    """What may not be meant in a schedule."""

    code = ma.fields.String()
    params = ma.fields.Dict(metadata={"description": "The values in the sentence"})
    text = ma.fields.String(metadata={"description": "In English"})


class PreviewOut(Schema):
    """What a schedule would do."""

    next = ma.fields.List(ma.fields.Nested(PreviewedOut))
    words = ma.fields.Nested(WordsOut)
    transitions = ma.fields.List(ma.fields.Nested(TransitionOut))
    warnings = ma.fields.List(ma.fields.String(), metadata={"description": "In English"})
    notes = ma.fields.List(
        ma.fields.Nested(NoteOut), metadata={"description": "The same, for other languages"}
    )
