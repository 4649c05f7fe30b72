"""Doing the same to all jobs or executions that a filter lets through.

It goes on call by call: each does some, one unit of work for each thing, and says from where the
next one goes on. So whoever asks sees how far it is, and may pause or stop; nothing goes on by
itself. What is met is bounded by a moment that the dry run gives: what is made later, also by the
act itself, is not part of what was asked for. Each thing is met once, as the order in which they
are met never changes: that of their birth.
"""

from app.services.bulk.acts import Act
from app.services.bulk.going import MOST, MOST_IDS, Wish, go_on, try_out

__all__ = ["MOST", "MOST_IDS", "Act", "Wish", "go_on", "try_out"]
