"""The one door to the broker: queue names, key prefix, priorities, and publishing.

Messages are doorbells: they carry pairs of (execution id, generation) and nothing else.
"""

import contextlib
import functools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery, Signature, chain
from kombu import Exchange, Queue

from app.db import Postponed
from app.gateways import envelopes
from app.gateways.envelopes import Message, Sender
from app.gateways.messages import Release, Ring, Step

log = logging.getLogger(__name__)

DISPATCH = "dispatch"
CHORES, WEBHOOKS, NOTIFICATIONS = "chores", "webhooks", "notifications"
AUXILIARY = (WEBHOOKS, NOTIFICATIONS, CHORES)
RESERVED = (DISPATCH, *AUXILIARY)

RELEASE_TASK = "executions.release"
RUN_TASK = "executions.run"
CHORE_TASK = "chores.perform"
DELIVER_TASK = "deliveries.deliver"
LINK_TASK = "chains.run_link"

#: After a failed publish this process leaves the broker alone for so many seconds.
PAUSE_AFTER_FAILURE = 2.0
#: A broker silent for so long has failed a publish.
PUBLISH_SECONDS = 1.5
#: So many messages are published in one round trip.
_BATCH = 500

_paused_until = 0.0


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    prefix: str


_address = _Address("", "")


def configure(url: str, installation_id: str) -> None:
    """Name the broker of this process; two installations on one broker never meet."""
    global _address  # noqa: PLW0603 - the process has one broker
    _address = _Address(url, f"oneoff-{installation_id[-12:]}-")
    publisher.cache_clear()
    _sender.cache_clear()
    queue_named.cache_clear()


def is_redis(url: str | None = None) -> bool:
    """Return whether the broker speaks Redis (else AMQP)."""
    return (url or _address.url).startswith(("redis", "sentinel", "unix"))


def key_prefix() -> str:
    """Return what all keys of this installation begin with."""
    return _address.prefix


@functools.lru_cache(maxsize=1024)
def queue_named(name: str) -> Queue:
    """Return the broker's queue for one of our queue names."""
    return _queue(real_name(name))


def _queue(real: str) -> Queue:
    steps = {} if is_redis() else {"x-max-priority": 9}
    return Queue(real, Exchange(""), routing_key=real, queue_arguments=steps)


def real_name(name: str) -> str:
    """Return what the broker calls one of our queues; on Redis every key has our prefix anyway."""
    return name if is_redis() else _address.prefix + name


def broker_priority(priority: int) -> int:
    """Map 1-10 (10 first) to the broker's scale: Redis 0 first, RabbitMQ 9 first."""
    return 10 - priority if is_redis() else priority - 1


def make_app(name: str = "oneoff") -> Celery:
    """Return a Celery application on the configured broker, as publishers and workers need it."""
    app = Celery(name, broker=_address.url, set_as_current=False, fixups=[])
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=real_name(CHORES),
        control_exchange=f"{_address.prefix}control",
        event_exchange=f"{_address.prefix}events",
        task_queues=[queue_named(n) for n in RESERVED],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # RabbitMQ closes the channel of who holds a message for long, as we do while a job runs.
        broker_channel_error_retry=True,
        broker_connection_timeout=2,
        broker_pool_limit=20,
        broker_transport_options=_transport_options(),
        enable_utc=True,
        worker_send_task_events=False,
    )
    return app


def _transport_options() -> dict[str, Any]:
    if not is_redis():
        return {"confirm_publish": True}
    return {
        "global_keyprefix": _address.prefix,
        "priority_steps": list(range(10)),
        "sep": ":",
        "queue_order_strategy": "priority",
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


@functools.cache
def publisher() -> Celery:
    """Return this process's publishing application; it gives up on a silent broker soon."""
    app = make_app("oneoff-publisher")
    limits: dict[str, float] = {"read_timeout": PUBLISH_SECONDS, "write_timeout": PUBLISH_SECONDS}
    if is_redis():
        limits = {"socket_timeout": PUBLISH_SECONDS, "max_retries": 0}
    app.conf.broker_transport_options.update(limits)
    return app


@functools.cache
def _sender() -> Sender:
    """Return what writes messages to Redis without Celery's help."""
    return Sender(publisher())


def ring(rings: Sequence[Ring], slots: dict[str, int]) -> int:
    """Publish wake-ups; return how many went out.

    Per queue, rings are left out while the broker still holds at least as many unpopped ones
    as ``slots`` serve it: whoever pops one of those will drain these rows too.
    """
    with _noticing_failure():
        return _ring(rings, slots)


def _ring(rings: Sequence[Ring], slots: dict[str, int]) -> int:
    messages: list[Message] = []
    for queue in dict.fromkeys(r.queue for r in rings):
        mine = [r for r in rings if r.queue == queue]
        limit = slots.get(queue, 0)
        room = len(mine) if not limit else max(0, limit - depth(queue))
        for one in sorted(mine, key=lambda r: -r.priority)[:room]:
            options = {"priority": broker_priority(one.priority)}
            messages.append(Message(RUN_TASK, [[one.pair]], queue_named(queue), options))
    _publish(messages)
    return len(messages)


def drop_needless_rings(queue: str, slots: int) -> int:
    """Drop rings of a queue that wait beyond as many as ``slots`` serve it; return how many.

    Whoever takes one of the others drains what these stood for. On RabbitMQ they stay: it gives
    away messages only one by one.
    """
    if not is_redis() or slots < 1 or depth(queue) <= slots:
        return 0
    with _noticing_failure():
        return _sender().drop_calls(queue, RUN_TASK, slots)


def hand_off(releases: Iterable[Release]) -> None:
    """Have planned rows come to the dispatcher, each group at its moment."""
    with _noticing_failure():
        _publish([_release(one) for one in releases])


def _release(one: Release) -> Message:
    args = [list(one.pairs), one.latest.isoformat()]
    return Message(RELEASE_TASK, args, queue_named(DISPATCH), {"eta": one.moment})


def publish_chain(steps: Sequence[Step]) -> None:
    """Publish a Celery chain: each step is published by who has done the one before it."""
    with _noticing_failure():
        app = publisher()
        for step in steps:
            know_queue(app, real_name(step.queue))
        with app.producer_pool.acquire(block=True, timeout=2) as producer:
            chain([_signature(app, step) for step in steps], app=app).apply_async(
                producer=producer, retry=False
            )


def _signature(app: Celery, step: Step) -> Signature:
    options = {
        "queue": real_name(step.queue),
        "priority": broker_priority(step.priority),
        "ignore_result": True,
    }
    args = (step.chain_run_id, step.index, step.generation)
    return Signature(LINK_TASK, args=args, immutable=True, app=app, options=options)


def know_queue(app: Celery, real: str) -> None:
    """Tell an application of a queue, by the broker's name of it, so that it can publish there."""
    if real not in app.amqp.queues:
        app.amqp.queues.add(_queue(real))


def send_chore(name: str) -> None:
    """Ask the auxiliary workers for one run of a chore."""
    with _noticing_failure():
        _publish([Message(CHORE_TASK, [name], queue_named(CHORES), {"expires": 3600})])


def ring_webhooks(webhook_ids: Sequence[str], most: int = 1000) -> None:
    """Ring for webhooks with deliveries that are due, unless ``most`` rings wait already."""
    ring_lane(WEBHOOKS, DELIVER_TASK, [[one] for one in webhook_ids], most)


def ring_lane(name: str, task: str, calls: Sequence[list[str]], most: int) -> None:
    """Publish calls of a task to an auxiliary lane, unless ``most`` wait there already."""
    if calls:
        with _noticing_failure():
            room = max(0, most - depth(name))
            _publish([Message(task, args, queue_named(name), {}) for args in calls[:room]])


def depth(queue: str) -> int:
    """Return how many messages of one of our queues nobody has taken yet."""
    if is_redis():
        return _sender().depth(queue)
    with publisher().pool.acquire(block=True, timeout=2) as connection:
        declared = queue_named(queue)(connection.default_channel).queue_declare(passive=False)
        return int(declared.message_count if hasattr(declared, "message_count") else 0)


def is_reachable() -> bool:
    """Return whether the broker answers now."""
    try:
        depth(DISPATCH)
    except Exception as error:
        log.debug("the broker does not answer: %s", error)
        return False
    return True


def is_paused() -> bool:
    """Return whether a publish failed so lately that none is tried."""
    return time.monotonic() < _paused_until


@contextlib.contextmanager
def _noticing_failure() -> Iterator[None]:
    """Leave a broker alone for a moment that has just failed: nobody shall wait for it again."""
    global _paused_until  # noqa: PLW0603
    if is_paused():
        raise Postponed("the broker failed a moment ago; the row is rung later")
    try:
        yield
    except Exception:
        _paused_until = time.monotonic() + PAUSE_AFTER_FAILURE
        raise


def _publish(messages: Sequence[Message]) -> None:
    """Publish messages in as few round trips as the broker can do with."""
    if not messages:
        return
    app = publisher()
    if is_redis() and _sender().send(messages):
        return
    with app.producer_pool.acquire(block=True) as producer, producer.batch(_BATCH):
        for one in messages:
            envelopes.hand_to_celery(app, one, producer)
