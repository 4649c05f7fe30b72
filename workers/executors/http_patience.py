"""What an answer that is no success says about another attempt."""

import email.utils
import re
from datetime import UTC, datetime
from typing import Final

from app.domain.clock import now
from app.domain.retry import LONGEST_RETRY_AFTER_SECONDS
from workers.executors.http_call import Answer

#: The target is well and refuses this very request, or the one who sends it.
PERMANENT: Final = frozenset({400, 401, 403, 405, 406, 407, 410, 411, 413, 414, 415, 422, 431, 501})
_BUSY: Final = frozenset({429, 503})


def retry_after(answer: Answer) -> float:
    """Return for how many seconds a busy target wants to be left alone, up to an hour."""
    if answer.status not in _BUSY:
        return 0.0
    text = answer.header("Retry-After").strip()
    seconds = float(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else _until(text)
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _until(text: str) -> float:
    """Return the seconds until an HTTP date; 0 for what is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text[:100])
        return (_in_utc(moment) - now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
