"""What only RabbitMQ does."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.product import Ledger, running, until
from tests.support.rabbitmq import RabbitMq

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

#: What the server says when it has closed a reader's channel.
CLOSED = "timed out waiting for delivery acknowledgement"
#: Messages that nobody acknowledges within two seconds cost their reader its channel.
_IMPATIENT = "[{rabbit, [{consumer_timeout, 2000}, {channel_tick_interval, 500}]}]."


@pytest.fixture
def impatient() -> Iterator[RabbitMq]:
    """A server that waits for acknowledgements much less long than jobs may take."""
    server = RabbitMq(_IMPATIENT)
    yield server
    server.stop()


def test_a_job_may_take_longer_than_the_broker_waits_for_its_ring(
    impatient: RabbitMq, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with running(tmp_path / "product", broker=impatient, BROKER_URL=impatient.url) as product:
        worker = product.role("worker").pid
        long = product.create(ledger.script("long", 9))
        until(lambda: ledger.count("START", "long"), 10, "the long job runs")
        until(lambda: CLOSED in impatient.log(), 15, "the broker closes the channel")
        short = product.create(ledger.script("short"))
        assert product.ended(short["id"], 3)["status"] == "completed"
        assert product.last(long["id"])["status"] == "running"
        ended = product.ended(long["id"], 20)
        assert (ended["status"], ended["attempt"]) == ("completed", 1)
        after = product.create(ledger.script("after"))
        assert product.ended(after["id"], 10)["status"] == "completed"
        time.sleep(4)  # longer than what was said before the channel closed holds
        until(product.consumes, 10, "health says that every lane takes messages")
        assert product.role("worker").pid == worker
    assert ledger.starts() == {"long": 1, "short": 1, "after": 1}
