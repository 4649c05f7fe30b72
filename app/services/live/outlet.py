"""Telling the live feed what a commit has changed: once, behind it, and only for those who look."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.events import Event
from app.gateways import broker, live_feed, live_place
from app.services.live.changes import Change, of_event
from app.settings import Settings

_KEY: Final = "live_changes"
#: What one commit changed beyond this is left out: a page asks for everything anew anyway.
MOST: Final = 500

#: Hears of this process's own changes where there is no feed.
_listener: Callable[[Sequence[Change]], None] | None = None


def configure(settings: Settings) -> None:
    """Name the feed: REDIS_URL, else a broker that is a Redis, else none."""
    url = settings.redis_url or (settings.broker if broker.is_redis(settings.broker) else "")
    live_place.configure(url, broker.key_prefix())


def listen(act: Callable[[Sequence[Change]], None] | None) -> None:
    """Have the changes of this process handed over directly while it has no feed."""
    global _listener  # noqa: PLW0603 - the process has one hub
    _listener = act


def note(session: Session, event: Event) -> None:
    """React to an event: have it told once its unit of work is committed."""
    if _listener is None and not live_feed.is_wanted():
        return
    change = of_event(event)
    if change is None:
        return
    noted: list[Change] | None = session.info.get(_KEY)
    if noted is None:
        noted = session.info[_KEY] = []
        after_commit(session, lambda: _tell(session))
    if len(noted) < MOST:
        noted.append(change)


def _tell(session: Session) -> None:
    noted: list[Change] = session.info.pop(_KEY, [])
    if live_place.is_there():
        live_feed.tell([change.news() for change in noted])
    elif _listener is not None:
        _listener(noted)
