"""The schedules: rules that say when a job is due."""

from app.domain.schedules.blackouts import Blackout
from app.domain.schedules.linter import notes, warnings
from app.domain.schedules.models import (
    Calendar,
    Cron,
    Dst,
    FixedDelay,
    FixedRate,
    Manual,
    Misfire,
    Once,
    Schedule,
)
from app.domain.schedules.once import parse_moment
from app.domain.schedules.phrases import Language
from app.domain.schedules.preview import Due, Preview, Transition, preview
from app.domain.schedules.reading import read, to_json
from app.domain.schedules.words import describe, in_words

__all__ = [
    "Blackout",
    "Calendar",
    "Cron",
    "Dst",
    "Due",
    "FixedDelay",
    "FixedRate",
    "Language",
    "Manual",
    "Misfire",
    "Once",
    "Preview",
    "Schedule",
    "Transition",
    "describe",
    "in_words",
    "notes",
    "parse_moment",
    "preview",
    "read",
    "to_json",
    "warnings",
]
