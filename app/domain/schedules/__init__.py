"""The schedules: rules that say when a job is due."""

from app.domain.schedules.blackouts import Blackout
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
from app.domain.schedules.reading import read, to_json

__all__ = [
    "Blackout",
    "Calendar",
    "Cron",
    "Dst",
    "FixedDelay",
    "FixedRate",
    "Manual",
    "Misfire",
    "Once",
    "Schedule",
    "parse_moment",
    "read",
    "to_json",
]
