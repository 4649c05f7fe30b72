"""What is put into Redis without Celery's help is what Celery would have put there."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
import redis

from app.domain.ids import new_id
from app.gateways import broker, envelopes
from app.gateways.envelopes import Message, Sender
from app.gateways.messages import Ring
from tests.support.brokers import another_broker

pytestmark = pytest.mark.redis

#: Each message has other ids, and each thread another one to be answered at.
IDS = ("id", "root_id", "correlation_id", "delivery_tag", "reply_to")
MOMENT = datetime(2031, 2, 3, 4, 5, 6, 70_000, UTC)


@pytest.fixture
def app(broker_socket):
    with another_broker(f"redis+socket://{broker_socket}"):
        yield broker.publisher()


@pytest.fixture
def lists(app, broker_socket):
    """Return what all lists hold, newest first."""

    def read():
        with redis.Redis(unix_socket_path=str(broker_socket)) as client:
            keys = [
                k for k in client.keys(f"{broker._address.prefix}*") if client.type(k) == b"list"
            ]
            return {key: [_read(text) for text in client.lrange(key, 0, -1)] for key in keys}

    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.flushall()
    return read


def _read(text):
    message = json.loads(text)
    message["body"] = json.loads(base64.b64decode(message["body"]))
    for part in (message["headers"], message["properties"]):
        for name in IDS:
            if name in part:
                uuid.UUID(part.pop(name))
    return message


def _messages():
    run, release = broker.queue_named("default"), broker.queue_named(broker.DISPATCH)
    for priority in range(10):
        yield Message(broker.RUN_TASK, [[(new_id(), 1)]], run, {"priority": priority})
    for rows in (1, 3, 500):
        pairs = [(new_id(), generation) for generation in range(rows)]
        yield Message(broker.RELEASE_TASK, [pairs, MOMENT.isoformat()], release, {"eta": MOMENT})
    there = MOMENT.astimezone(timezone(timedelta(hours=9)))
    yield Message(broker.RELEASE_TASK, [[("ä'\"", 1)]], release, {"eta": there})


def test_it_is_the_same_message_in_the_same_list(app, lists, broker_socket):
    messages = list(_messages())
    with app.producer_pool.acquire(block=True) as producer:
        for one in messages:
            envelopes.hand_to_celery(app, one, producer)
    theirs = lists()
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.flushall()
    assert Sender(app).send(messages)
    assert lists() == theirs
    assert sum(len(found) for found in theirs.values()) == len(messages)


def test_it_is_no_child_of_the_task_that_sends_it(app, lists):
    @app.task
    def within():
        assert broker.ring([Ring("default", 5, (new_id(), 1))], {}) == 1

    within.apply(throw=True)
    assert all(sample is not None for sample in broker._sender()._samples.values())
    ((found,),) = lists().values()
    assert found["headers"]["parent_id"] is None


def test_each_message_has_an_id_of_its_own(app, broker_socket):
    Sender(app).send(list(_messages()))
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        texts = client.lrange(f"{broker._address.prefix}{broker.DISPATCH}", 0, -1)
    found = [json.loads(text) for text in texts]
    assert len({one["headers"]["id"] for one in found}) == len(found) == 4
    assert len({one["properties"]["delivery_tag"] for one in found}) == 4
    assert all(m["headers"]["id"] == m["properties"]["correlation_id"] for m in found)


def test_what_celery_writes_in_an_unknown_way_it_goes_on_to_write_itself(app, lists, caplog):
    app.amqp.argsrepr_maxsize = 3
    sender = broker._sender()
    message = Message(broker.RUN_TASK, [[("a", 1)]], broker.queue_named("default"), {"priority": 3})
    assert not sender.send([message])
    assert "Celery writes its messages itself" in caplog.text
    assert broker.ring([Ring("default", 5, (new_id(), 1))], {}) == 1
    assert broker.depth("default") == 1
    assert len(lists()) == 1


def test_messages_with_other_options_are_celerys(app, lists):
    broker.send_chore("sweep")
    (found,) = lists().values()
    assert found[0]["headers"]["expires"]
    assert found[0]["body"][0] == ["sweep"]


def test_the_depth_counts_all_priorities(app, lists):
    rings = [Ring("default", priority, (new_id(), 1)) for priority in range(1, 11)]
    assert broker.ring(rings, {}) == 10
    assert broker.depth("default") == 10
    assert len(lists()) == 10
