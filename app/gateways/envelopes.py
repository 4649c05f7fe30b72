"""Celery's messages on Redis, written from a sample: a twentieth of what Celery itself needs.

What Celery publishes for one task differs from message to message in a few places only. A sample
that Celery wrote is kept and filled in; a second one proves that the result is what Celery would
have written. If it is not, Celery goes on to write each message itself.
"""

import base64
import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from celery import Celery
from celery.utils.saferepr import saferepr
from kombu import Connection, Queue

from app.gateways.plain_redis import redis_transport

log = logging.getLogger(__name__)

#: What an option may be for a message to be written from a sample.
_FILLED = frozenset({"priority", "eta"})
_PRIORITIES = range(10)
#: Drops calls of one task from the lists, the last list first and what waits longest in it, until
#: ``keep`` messages are left in all; other messages keep their places. In one step: nobody can
#: take a message meanwhile, and none is out of its list.
_DROP_CALLS = """
local left, dropped = -tonumber(ARGV[2]), 0
for _, key in ipairs(KEYS) do left = left + redis.call('LLEN', key) end
for _, key in ipairs(KEYS) do
  local others = {}
  for _ = 1, redis.call('LLEN', key) do
    if left <= 0 then break end
    local message = redis.call('RPOP', key)
    if string.find(message, ARGV[1]) then
      left, dropped = left - 1, dropped + 1
    else
      table.insert(others, message)
    end
  end
  for place = #others, 1, -1 do redis.call('RPUSH', key, others[place]) end
end
return dropped
"""
#: How many messages are in lists; ten commands would take longer to write than to run.
_LENGTH = """
local length = 0
for _, key in ipairs(KEYS) do length = length + redis.call('LLEN', key) end
return length
"""
#: Celery cuts what it shows of arguments to so many characters.
_LONG = 1024


@dataclass(frozen=True, slots=True)
class Message:
    """A call of a task: its name, arguments and queue, and Celery's options."""

    task: str
    args: list[Any]
    queue: Queue
    options: dict[str, Any] = field(default_factory=dict)


class Sample:
    """One message as Celery wrote it, to be filled in for others of the same task and queue."""

    def __init__(self, app: Celery, message: Message) -> None:
        others = {name: _OTHER[name] for name in message.options}
        other = Message(message.task, [["proof", 1]], message.queue, others)
        self._first, wanted = written_by_celery(app, [message, other])
        self._embed = orjson.loads(base64.b64decode(self._first["body"]))[2]
        ids = (wanted["properties"]["correlation_id"], wanted["properties"]["delivery_tag"])
        if _readable(self.fill(other, *ids)) != _readable(wanted):
            raise ValueError(f"it is unknown how it writes calls of {message.task}")

    def fill(self, message: Message, task_id: str, tag: str) -> dict[str, Any]:
        """Return the message with other ids, arguments, priority and moment."""
        eta, priority = message.options.get("eta"), message.options.get("priority")
        first, headers, properties = self._first, self._first["headers"], self._first["properties"]
        return first | {
            "body": base64.b64encode(orjson.dumps([message.args, {}, self._embed])).decode(),
            "headers": headers
            | {
                "id": task_id,
                "root_id": task_id,
                "argsrepr": _shown(message.args),
                "eta": eta and eta.isoformat(),
            },
            "properties": properties
            | {
                "correlation_id": task_id,
                "delivery_tag": tag,
                "priority": properties["priority"] if priority is None else priority,
            },
        }


_OTHER = {"priority": 7, "eta": datetime(2001, 2, 3, 4, 5, 6, 7000, UTC)}


def _readable(message: dict[str, Any]) -> Any:
    """Return a message with its body decoded, as a worker reads it."""
    return message | {"body": orjson.loads(base64.b64decode(message["body"]))}


def _shown(args: list[Any]) -> str:
    """Return what Celery shows of arguments: the same as Python does, unless they are long."""
    text = str(args)
    return text if len(text) < _LONG else saferepr(args, _LONG)


def hand_to_celery(app: Celery, message: Message, producer: Any) -> None:
    """Have Celery write a message and publish it."""
    app.send_task(
        message.task,
        args=message.args,
        queue=message.queue,
        producer=producer,
        retry=False,
        **message.options,
    )


_writing = threading.Lock()


def written_by_celery(app: Celery, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the messages that Celery puts into a queue, by having it do so in memory.

    In a thread of its own: within a task Celery would note that task as their parent.
    """
    with _writing, ThreadPoolExecutor(1) as thread:
        return [thread.submit(_write_in_memory, app, one).result() for one in messages]


def _write_in_memory(app: Celery, message: Message) -> dict[str, Any]:
    with Connection("memory://") as connection:
        hand_to_celery(app, message, app.amqp.Producer(connection))
        found: dict[str, Any] = connection.default_channel._get(message.queue.name)  # noqa: SLF001
        return found


class Sender:
    """Puts messages into the lists of a Redis broker, many in one round trip."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        #: By kind of message; ``None`` for those that only Celery can write.
        self._samples: dict[tuple[str, str, frozenset[str]], Sample | None] = {}
        with app.pool.acquire(block=True, timeout=2) as connection:
            channel = connection.default_channel
            if not isinstance(channel, redis_transport.Channel):
                raise TypeError("not a Redis broker")
            self._key_of = channel._q_for_pri  # noqa: SLF001 - where Celery's workers look
            self._prefix = channel.global_keyprefix
            self._redis = channel._create_client()  # noqa: SLF001 - keeps to one pool of sockets

    def depth(self, queue: str) -> int:
        """Return how many messages of a queue nobody has taken yet."""
        keys = self._keys(queue)
        return int(self._redis.execute_command("EVAL", _LENGTH, len(keys), *keys))

    def drop_calls(self, queue: str, task: str, keep: int) -> int:
        """Drop calls of a task that wait in a queue, but for ``keep`` messages; return how many."""
        keys = self._keys(queue)[::-1]
        name = '"task":%s*"' + task.replace(".", "%.") + '"'
        dropped = self._redis.execute_command("EVAL", _DROP_CALLS, len(keys), *keys, name, keep)
        return int(dropped)

    def _keys(self, queue: str) -> list[str]:
        """Return the names of a queue's lists, one for each priority."""
        return [self._prefix + self._key_of(queue, step) for step in _PRIORITIES]

    def send(self, messages: Sequence[Message]) -> bool:
        """Put messages into their lists, in their order.

        ``False``: one of them only Celery can write, and none was sent.
        """
        lists: dict[str, list[bytes]] = defaultdict(list)
        for one in messages:
            sample = self._sample(one)
            if sample is None:
                return False
            filled = sample.fill(one, str(uuid.uuid4()), str(uuid.uuid4()))
            key = self._key_of(one.queue.name, filled["properties"]["priority"])
            lists[key].append(orjson.dumps(filled))
        self._push(lists)
        return True

    def _push(self, lists: Mapping[str, list[bytes]]) -> None:
        if len(lists) == 1:  # the usual case, and a pipeline costs more than its command
            ((key, texts),) = lists.items()
            self._redis.lpush(key, *texts)
            return
        pipe = self._redis.pipeline(transaction=False)
        for key, texts in lists.items():
            pipe.lpush(key, *texts)
        pipe.execute()

    def _sample(self, message: Message) -> Sample | None:
        kind = (message.task, message.queue.name, frozenset(message.options))
        if kind not in self._samples:
            self._samples[kind] = self._taken(message) if kind[2] <= _FILLED else None
        return self._samples[kind]

    def _taken(self, message: Message) -> Sample | None:
        try:
            return Sample(self._app, message)
        except Exception as error:
            log.warning("Celery writes its messages itself, which takes longer: %s", error)
            return None
