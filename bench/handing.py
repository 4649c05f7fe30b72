"""P-5: how fast wake-ups reach the broker, beside a loop of ``delay()``."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from app import db
from app.domain.clock import now
from app.domain.ids import new_id
from app.gateways import broker
from app.gateways.messages import Ring
from app.services.wakeups import hand_off_after_commit, ring_after_commit
from bench import databases, rival_app
from bench.figures import Bench, alternate
from bench.product import Product
from bench.rival import Rival
from bench.stage import Stage, say
from bench.table import Row, median

_STEP = timedelta(milliseconds=10)


def measure(bench: Bench) -> Iterator[Row]:
    """Measure both kinds of wake-up, each through the door that services use."""
    count, runs = bench.size(5000, 1000), bench.size(3, 1)
    kinds: dict[str, Callable[[int], None]] = {"rings": _rings, "releases": _releases}
    with Stage() as stage:
        Product(stage, databases.SQLITE).start("broker")
        rival = Rival(stage)
        for what, send in kinds.items():
            send(10)
            theirs, ours = alternate(
                lambda: _rate("rival", _delays, count),
                lambda: _rate("ours", send, count),  # noqa: B023 - called before the next turn
                runs,
            )
            yield Row(
                "P-5",
                f"messages to the broker, {what}",
                "-",
                median(ours),
                "/s",
                2.5,
                20,
                median(theirs),
                is_ratio=True,
            )
        rival.close()


def _rate(who: str, send: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    send(count)
    found = count / (time.perf_counter() - began)
    say(f"  {who}: {found:,.0f} messages/s")
    return found


def _delays(count: int) -> None:
    for _ in range(count):
        rival_app.noop.delay()


def _rings(count: int) -> None:
    rings = [Ring("default", 1 + index % 10, (new_id(), 1)) for index in range(count)]
    before = broker.depth("default")
    with db.transaction() as session:
        ring_after_commit(session, rings)
    assert broker.depth("default") == before + count


def _releases(count: int) -> None:
    first, before = now() + timedelta(hours=1), broker.depth(broker.DISPATCH)
    rows = [(first + _STEP * index, (new_id(), 1)) for index in range(count)]
    with db.transaction() as session:
        hand_off_after_commit(session, rows)
    assert broker.depth(broker.DISPATCH) == before + count
