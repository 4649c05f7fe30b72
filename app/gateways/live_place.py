"""The Redis through which processes tell each other what happens, if there is one."""

from dataclasses import dataclass
from typing import Any, Final

from app.gateways.plain_redis import NoBackoff, Retry, redis

#: A Redis silent for so long is away, and is left alone for a while.
PATIENCE_SECONDS: Final = 1.0
REST_SECONDS: Final = 5.0
_SOCKET: Final = "redis+socket://"

Away = redis.RedisError


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where it is, and what its keys begin with; without an address there is none."""

    url: str = ""
    prefix: str = ""

    def client(self) -> Any:
        """Return a client that gives up soon and does not try again."""
        common: dict[str, Any] = {
            "socket_timeout": PATIENCE_SECONDS + 0.5,
            "retry": Retry(NoBackoff(), 0),
        }
        if self.url.startswith(_SOCKET):
            return redis.Redis(unix_socket_path=self.url.removeprefix(_SOCKET), **common)
        return redis.Redis.from_url(self.url, socket_connect_timeout=PATIENCE_SECONDS, **common)


_place = Place()


def configure(url: str, prefix: str) -> None:
    """Name the Redis, if there is one, and what its keys begin with."""
    global _place  # noqa: PLW0603 - fixed at the start of the process
    _place = Place(url, prefix)


def here() -> Place:
    """Return the place of this process."""
    return _place


def is_there() -> bool:
    """Return whether there is one."""
    return bool(_place.url)
