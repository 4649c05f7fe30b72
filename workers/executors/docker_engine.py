"""The Docker engine as we use it: few verbs, and its failures in our words.

The only module that imports Docker's own library, which takes time and memory: it is imported
by the first docker job of a process, see :func:`workers.executors.docker.connect`.
"""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from docker import APIClient
from docker.auth import get_config_header, resolve_repository_name
from docker.errors import (
    APIError,
    DockerException,
    NotFound,
    create_api_error_from_http_exception,
)
from docker.utils import kwargs_from_env, parse_repository_tag
from requests import Response
from requests.exceptions import HTTPError, ReadTimeout, RequestException

from app.domain.errors import shorten
from workers.executors.base import Reading
from workers.executors.docker_order import EPOCH, EXECUTION, INSTALLATION, KEPT
from workers.executors.refusal import Refusal

_WORDS = 1000
#: A pull without any news for so long has failed.
_SILENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class State:
    """What the engine says of a container."""

    is_running: bool
    exit_code: int
    is_out_of_memory: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A container of this installation, as its labels describe it."""

    id: str
    execution_id: str
    epoch: int
    is_kept: bool
    #: In the engine's words: created, running, exited …
    status: str


class _Client(APIClient):
    """Deaf to the environment's proxies and certificates for the web: an engine is no web site."""

    def merge_environment_settings(self, *given: Any, **named: Any) -> Any:
        """Take what this session was given, and nothing else."""
        self.trust_env = False
        return super().merge_environment_settings(*given, **named)


class Channel:
    """A connection to a container's output or input, free of the library's buffers."""

    def __init__(self, attached: Any) -> None:
        # A SocketIO over the connection or, with TLS, the connection itself.
        self.socket: socket.socket = getattr(attached, "_sock", attached)
        self.socket.settimeout(0)
        self._held = (attached._response, attached)  # noqa: SLF001 - to be closed with it

    def close(self) -> None:
        """Hang up."""
        for part in self._held:
            part.close()


class Engine:
    """A connection to the engine. Every verb raises :class:`Refusal` when it can't be done."""

    def __init__(self, host: str, patience_seconds: float) -> None:
        with _words_of_the_engine():
            tls = {name: v for name, v in kwargs_from_env().items() if name == "tls"}
            self._client = _Client(host, timeout=patience_seconds, **tls)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def has_image(self, image: str) -> bool:
        """Return whether an image is there."""
        with _words_of_the_engine():
            try:
                self._client.inspect_image(image)  # type: ignore[no-untyped-call]
            except NotFound:
                return False
            return True

    def pull(self, image: str) -> Iterator[None]:
        """Fetch an image; yields at news of it. Closing the iterator ends the pull."""
        with _words_of_the_registry(image), self._pulling(image) as news:
            for line in news.iter_lines():
                event = json.loads(line) if line else {}
                if "error" in event:
                    raise _pull_failure(image, str(event["error"]))
                yield

    def _pulling(self, image: str) -> Response:
        """Ask for an image. The library's own verb for this would wait for ever."""
        repository, tag = parse_repository_tag(image)
        registry, _ = resolve_repository_name(repository)
        login = get_config_header(self._client, registry)
        response = self._client.post(
            f"{self._client.base_url}/v{self._client.api_version}/images/create",
            params={"fromImage": repository, "tag": tag or "latest"},
            headers={"X-Registry-Auth": login} if login else {},
            stream=True,
            timeout=(self._client.timeout, _SILENCE_SECONDS),
        )
        try:
            response.raise_for_status()
        except HTTPError as error:
            with response:
                create_api_error_from_http_exception(error)
        return response

    def create(self, name: str, order: Mapping[str, Any]) -> None:
        """Make a container, not yet started."""
        with _words_of_the_engine():
            config = dict(order)
            self._client.create_container_from_config(config, name)  # type: ignore[no-untyped-call]

    def attach(self, name: str, *streams: str) -> Channel:
        """Connect to ``stdout`` and ``stderr``, or to ``stdin``, of a container."""
        with _words_of_the_engine():
            params = dict.fromkeys((*streams, "stream"), 1)
            return Channel(self._client.attach_socket(name, params))

    def start(self, name: str) -> None:
        """Start a container."""
        with _words_of_the_engine():
            self._client.start(name)

    def kill(self, name: str, signal: str) -> bool:
        """Send a signal; return whether the container ran to get it."""
        with _words_of_the_engine():
            try:
                self._client.kill(name, signal)
            except APIError as error:
                if error.status_code in {404, 409}:
                    return False
                raise
            return True

    def state(self, name: str) -> State:
        """Return how a container is."""
        with _words_of_the_engine():
            state = self._client.inspect_container(name)["State"]
        return State(state["Running"], state["ExitCode"], state["OOMKilled"])

    def sample(self, name: str) -> Reading | None:
        """Return what a container uses; ``None`` if that can't be known."""
        try:
            figures: Any = self._client.stats(name, stream=False, one_shot=True)
            memory = figures["memory_stats"]
            detail = memory.get("stats", {})
            cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
            cpu = figures["cpu_stats"]["cpu_usage"]["total_usage"] / 1_000_000_000
            return Reading(cpu, max(memory["usage"] - cache, 0), int(memory.get("limit", 0)))
        except (DockerException, RequestException, OSError, KeyError, ValueError):
            return None

    def remove(self, name: str) -> None:
        """Remove a container with its anonymous volumes, running or not; or it is gone already."""
        with _words_of_the_engine():
            try:
                self._client.remove_container(name, v=True, force=True)
            except APIError as error:
                if error.status_code not in {404, 409}:
                    raise

    def containers_of(self, installation_id: str) -> list[Found]:
        """Return all containers of an installation, of whatever state."""
        filters = {"label": f"{INSTALLATION}={installation_id}"}
        with _words_of_the_engine():
            rows: list[dict[str, Any]] = self._client.containers(all=True, filters=filters)
        return [_found(row) for row in rows]


def _found(row: Mapping[str, Any]) -> Found:
    labels = row["Labels"]
    epoch = labels.get(EPOCH, "")
    number = int(epoch) if epoch.isdecimal() else -1
    return Found(row["Id"], labels.get(EXECUTION, ""), number, KEPT in labels, row["State"])


@contextmanager
def _words_of_the_engine() -> Iterator[None]:
    """Turn the library's exceptions into ours: the engine refused, or it is not there."""
    try:
        yield
    except APIError as error:
        text = f"The Docker engine refused the container: {_said(error)}"
        raise Refusal("CONTAINER_REFUSED", text) from None
    except (DockerException, RequestException, OSError) as error:
        raise _unavailable(error) from None


@contextmanager
def _words_of_the_registry(image: str) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise _pull_failure(image, _said(error)) from None
    except ReadTimeout:
        raise _pull_failure(image, f"no news for {_SILENCE_SECONDS:.0f} seconds") from None
    except (DockerException, RequestException, OSError) as error:
        raise _unavailable(error) from None


def _pull_failure(image: str, said: str) -> Refusal:
    """Return what a failed pull is; registries and engines say it in words only."""
    words = said.lower()
    if any(word in words for word in ("denied", "unauthorized", "authentication", "forbidden")):
        text = f"The registry does not give out the image {image}: {said}"
        return Refusal("IMAGE_PULL_DENIED", shorten(text, _WORDS))
    if "not found" in words or "manifest unknown" in words:
        text = f"There is no image {image}: {said}"
        return Refusal("IMAGE_NOT_FOUND", shorten(text, _WORDS))
    text = f"The image {image} could not be pulled: {said}"
    return Refusal("IMAGE_PULL_FAILED", shorten(text, _WORDS))


def _said(error: APIError) -> str:
    return shorten(str(error.explanation or error), _WORDS)


def _unavailable(error: BaseException) -> Refusal:
    text = f"No Docker engine answers: {shorten(_reason(error), _WORDS)}"
    return Refusal("DOCKER_UNAVAILABLE", text)


def _reason(error: BaseException) -> str:
    """Return the system's own words if they are at the bottom of it."""
    seen: list[Any] = [error]
    while seen:
        inner = seen.pop()
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        if isinstance(inner, BaseException):
            seen += [*inner.args, inner.__context__, inner.__cause__]
    return str(error)
