"""Rings beyond those that somebody needs are dropped, and nothing else is."""

import base64
import json

import pytest
import redis

from app.gateways import broker, envelopes
from app.gateways.envelopes import Message
from app.gateways.messages import Ring, Step
from tests.support.brokers import another_broker

pytestmark = pytest.mark.redis


@pytest.fixture(autouse=True)
def waiting(broker_socket):
    """Return the messages of the queue in the order in which a worker takes them."""

    def read():
        with redis.Redis(unix_socket_path=str(broker_socket)) as client:
            keys = [f"{broker.key_prefix()}{_list_of(step)}" for step in range(10)]
            texts = [text for key in keys for text in reversed(client.lrange(key, 0, -1))]
        messages = [json.loads(text) for text in texts]
        return [json.loads(base64.b64decode(one["body"]))[0] for one in messages]

    with another_broker(f"redis+socket://{broker_socket}"):
        with redis.Redis(unix_socket_path=str(broker_socket)) as client:
            client.flushall()
        yield read


def _list_of(step):
    return f"default:{step}" if step else "default"


def _ring(name, priority=5):
    broker.ring([Ring("default", priority, (name, 0))], {})


def _link(name, priority=5):
    broker.publish_chain([Step("default", priority, name, 1, 1)])


def test_as_many_are_left_as_slots_serve_the_queue(waiting):
    for number in range(20):
        _ring(str(number))
    assert broker.drop_needless_rings("default", 3) == 17
    assert waiting() == [[[[str(number), 0]]] for number in (17, 18, 19)]
    assert broker.depth("default") == 3
    assert broker.drop_needless_rings("default", 3) == 0


def test_those_of_the_highest_priority_are_left(waiting):
    for priority in (1, 10, 5, 10, 1, 5):
        _ring(f"of {priority}", priority)
    assert broker.drop_needless_rings("default", 2) == 4
    assert waiting() == [[[["of 10", 0]]], [[["of 10", 0]]]]


def test_the_links_of_chains_stay_in_their_order(waiting):
    for number in range(5):
        _ring(f"ring {number}")
        _link(f"chain {number}")
    assert broker.drop_needless_rings("default", 1) == 5
    assert [args[0] for args in waiting()] == [f"chain {number}" for number in range(5)]


def test_rings_that_celery_wrote_itself_are_known_too(waiting):
    app = broker.publisher()
    with app.producer_pool.acquire() as producer:
        for _ in range(4):
            message = Message(broker.RUN_TASK, [[("x", 0)]], broker.queue_named("default"))
            envelopes.hand_to_celery(app, message, producer)
    assert broker.drop_needless_rings("default", 1) == 3


def test_nothing_is_dropped_while_it_is_unknown_who_serves_the_queue(waiting):
    for number in range(5):
        _ring(str(number))
    assert broker.drop_needless_rings("default", 0) == 0
    assert len(waiting()) == 5
