"""What the broker is told: the same on Redis and on RabbitMQ, each in its own words."""

import pytest

from app.domain.ids import new_id
from app.gateways import broker
from app.settings import load
from tests.support.brokers import another_broker


@pytest.fixture(params=["redis://localhost:1/0", "amqp://localhost:1//"], ids=["redis", "amqp"])
def url(request):
    """Have this process publish to a broker that is not there."""
    with another_broker(request.param):
        yield request.param


def test_ten_is_first_on_both(url):
    found = [broker.broker_priority(priority) for priority in range(1, 11)]
    assert sorted(found) == list(range(10))
    first = max if url.startswith("amqp") else min
    assert broker.broker_priority(10) == first(found)


def test_no_two_installations_share_a_queue(url):
    names = []
    for _ in range(2):
        broker.configure(url, new_id())
        app = broker.make_app()
        prefix = app.conf.broker_transport_options.get("global_keyprefix", "")
        names.append({prefix + queue.name for queue in app.conf.task_queues})
    assert names[0].isdisjoint(names[1])


def test_run_queues_have_ten_priorities(url):
    queue, app = broker.queue_named("default"), broker.make_app()
    if url.startswith("amqp"):
        assert queue.queue_arguments == {"x-max-priority": 9}
    else:
        assert app.conf.broker_transport_options["priority_steps"] == list(range(10))


@pytest.mark.parametrize(
    ("given", "port"),
    [("redis://b.test", 6379), ("amqp://u:p@b.test//", 5672), ("amqp://b.test:7//", 7)],
)
def test_jobs_may_not_reach_our_own_broker(given, port):
    assert ("b.test", port) in load({}, {"DATA_DIR": "/nowhere", "BROKER_URL": given}).outbound.own


@pytest.mark.usefixtures("real_broker")
def test_a_test_with_another_broker_leaves_nothing_behind():
    before = broker.queue_named(broker.WEBHOOKS).name
    with another_broker("amqp://localhost:1//"):
        assert broker.queue_named(broker.WEBHOOKS).name != before
    broker.ring_webhooks([new_id()])
    assert broker.depth(broker.WEBHOOKS) == 1
