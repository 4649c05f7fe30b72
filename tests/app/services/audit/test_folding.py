"""Folding alike rows, so that a flood does not fill the table."""

import threading

from app.services.audit.folding import MOST, MOST_OF_SOURCE, SEVERAL, WINDOW_SECONDS, Alike, Fold
from app.services.audit.notes import Deed


class Clock:
    """A clock that stands until it is moved."""

    moment = 1000.0

    def __call__(self):
        return self.moment


def alike(action="jobs.create_job", address="192.0.2.1", trace="a"):
    deed = Deed("anonymous", address=address, trace_id=trace)
    return Alike(deed, action, None, "denied", 401, "INVALID_TOKEN")


def test_of_what_is_alike_one_is_written_and_the_rest_counted_for_a_minute():
    clock = Clock()
    fold = Fold(clock)
    assert fold.admits(alike(trace="0"))
    assert not any(fold.admits(alike(trace=str(n))) for n in range(1, 1000))
    assert fold.due() == []
    clock.moment += WINDOW_SECONDS
    ((one, number),) = fold.due()
    assert (one.action, one.deed.address, number) == ("jobs.create_job", "192.0.2.1", 999)
    assert fold.due() == []
    assert fold.admits(alike())


def test_what_differs_is_written_up_to_a_limit_for_each_source():
    clock = Clock()
    fold = Fold(clock)
    written = sum(fold.admits(alike(action=f"a{n}")) for n in range(MOST_OF_SOURCE + 40))
    assert written == MOST_OF_SOURCE
    assert fold.admits(alike(address="192.0.2.2"))  # another one is still heard
    clock.moment += WINDOW_SECONDS
    ((one, number),) = fold.due()
    assert (one.action, one.deed.address, number) == (SEVERAL, "192.0.2.1", 40)


def test_very_many_sources_are_counted_together():
    clock = Clock()
    fold = Fold(clock)
    written = sum(fold.admits(alike(address=f"2001:db8::{n:x}")) for n in range(MOST + 500))
    assert written == MOST
    clock.moment += WINDOW_SECONDS
    ((one, number),) = fold.due()
    assert (one.deed.actor, number) == ("anybody", 500)


def test_threads_lose_no_count():
    clock = Clock()
    fold = Fold(clock)
    written: list[bool] = []

    def ask():
        written.extend(fold.admits(alike()) for _ in range(500))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(written) == 1
    assert fold.rest()[0][1] == 8 * 500 - 1
