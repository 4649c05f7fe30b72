"""What ran and what is planned, along the time: for the pages that show a day at one look."""

from app.services.timeline.past import MOST_BUCKETS, Buckets, counts
from app.services.timeline.planned import MOST_MOMENTS, Plan, Within, plan
from app.services.timeline.strip import filled, strip
from app.services.timeline.troubles import troubles

__all__ = [
    "MOST_BUCKETS",
    "MOST_MOMENTS",
    "Buckets",
    "Plan",
    "Within",
    "counts",
    "filled",
    "plan",
    "strip",
    "troubles",
]
