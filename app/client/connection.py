"""One server, asked over HTTP: addresses, keys, retries, and answers that are errors."""

import contextlib
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import httpx

from app.client.errors import ClientError, Unreachable, Unreadable, refusal

DEFAULT_URL: Final = "http://localhost:8080"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: Answers after which the same request may succeed.
_PASSING: Final = frozenset({429, 502, 503, 504})
_GATEWAY: Final = frozenset({502, 503, 504})
#: A server may ask for a longer pause than this; then the caller gets the refusal instead.
_LONGEST_PAUSE: Final = 20.0
_KEY: Final = "Idempotency-Key"

Query = Mapping[str, Any]
#: An API key or access token, or what returns a valid one before each request.
Key = str | Callable[[], str] | None


@dataclass(frozen=True, slots=True)
class Options:
    """How patient a client is."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    #: How often a request is sent again that may be sent twice.
    retries: int = 2
    user_agent: str = "oneoff-client"


class Answer(dict[str, Any]):
    """The object in an answer. What it lacks, a server of this release would have sent."""

    def __missing__(self, name: str) -> NoReturn:
        raise Unreadable(f"the answer has no {name!r}; is the server of another release?")


class Connection:
    """Sends requests. What is safe to repeat is repeated when the server does not answer.

    Safe are GET, PUT and DELETE, and whatever carries an ``Idempotency-Key``. Anything else is sent
    again only if no connection came about.
    """

    def __init__(self, url: str, api_key: Key, options: Options) -> None:
        address = _checked(url)
        self.url = plain_url(url)
        self._options = options
        headers = {"Accept": "application/json", "User-Agent": options.user_agent}
        self._renewed = api_key if callable(api_key) else None
        if isinstance(api_key, str) and api_key:
            headers["Authorization"] = f"Bearer {_checked_key(api_key)}"
        self._http = httpx.Client(
            base_url=address,
            headers=headers,
            verify=address.scheme == "https",  # making a TLS context takes longer than a request
            trust_env=address.host not in _LOOPBACK,  # no proxy leads to this machine
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Answer:
        """Return the answer to a GET."""
        return self._asked(self._request("GET", path, query))

    def stream(self, path: str, query: Query | None = None) -> Iterator[bytes]:
        """Yield the pieces of a long answer to a GET, as they come. It is not asked for twice."""
        request = self._request("GET", path, query)
        try:
            answer = self._http.send(request, stream=True)
            with contextlib.closing(answer):
                if not answer.is_success:
                    answer.read()
                    self._read(answer)
                yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def report(self, path: str) -> Answer:
        """Return the answer to a GET also if its status says that the server is not well."""
        request = self._request("GET", path)
        try:
            answer = self._http.send(request)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        body = _json(answer)
        is_report = answer.status_code == 503 and body is not None and "error" not in body
        return body if is_report and body is not None else self._read(answer)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, patience: float = 0
    ) -> Answer:
        """Return the answer to a POST; a ``key`` of :func:`new_key` makes it safe to repeat.

        ``patience`` are the seconds that the server may take longer than usual.
        """
        headers = {_KEY: key}
        return self._asked(
            self._request("POST", path, body=body, headers=headers, patience=patience)
        )

    def put(self, path: str) -> Answer:
        """Return the answer to a PUT that says all by its address; it is safe to repeat."""
        return self._asked(self._request("PUT", path, body={}))

    def patch(self, path: str, body: Any, *, version: int | None = None) -> Answer:
        """Return the answer to a PATCH; with ``version`` it fails if there is a newer one."""
        seen = None if version is None else f'"{version}"'
        return self._asked(self._request("PATCH", path, body=body, headers={"If-Match": seen}))

    def delete(self, path: str, query: Query | None = None) -> None:
        """Send a DELETE."""
        self._asked(self._request("DELETE", path, query))

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        patience: float = 0,
    ) -> httpx.Request:
        seconds = self._options.read_seconds + patience
        if self._renewed is not None:
            headers = {**(headers or {}), "Authorization": f"Bearer {self._renewed()}"}
        return self._http.build_request(
            method,
            path,
            params=_plain(query or {}),
            json=body,
            headers={n: v for n, v in (headers or {}).items() if v is not None},
            timeout=httpx.Timeout(seconds, connect=self._options.connect_seconds),
        )

    def _asked(self, request: httpx.Request) -> Answer:
        """Send a request, again if need be; return the object in its answer."""
        repeatable = request.method in {"GET", "PUT", "DELETE"} or _KEY in request.headers
        for tried in range(self._options.retries + 1):
            is_last = tried == self._options.retries
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if is_last or not (repeatable or isinstance(error, httpx.ConnectError)):
                    raise self._unreachable(error) from error
                pause = None
            else:
                if request.method == "DELETE" and tried and answer.status_code == 404:
                    return Answer()  # it was there, and the answer that said so got lost
                if is_last or not (repeatable and _is_passing(answer)):
                    return self._read(answer)
                pause = _wish(answer)
                if pause is not None and pause > _LONGEST_PAUSE:
                    return self._read(answer)
            time.sleep(_backoff(tried) if pause is None else pause)
        raise AssertionError("unreachable")

    def _unreachable(self, error: httpx.TransportError) -> ClientError:
        if isinstance(error, httpx.ProtocolError) and "disconnected" not in str(error):
            return Unreadable(f"{self.url} does not speak HTTP as OneOff does ({error})")
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(f"no answer from {self.url} in time")
        return Unreachable(f"nothing answers at {self.url} ({_reason(error)})")

    def _read(self, answer: httpx.Response) -> Answer:
        if answer.status_code == 204:
            return Answer()
        body = _json(answer)
        if answer.is_success and body is not None:
            return body
        if not answer.is_redirect and body is not None and "error" in body:
            raise refusal(answer.status_code, body)
        if answer.status_code in _GATEWAY:
            raise Unreachable(f"nothing answers behind {self.url} (HTTP {answer.status_code})")
        raise Unreadable(
            f"{self.url} answers, but not as OneOff does (HTTP {answer.status_code}); "
            "is the address right?"
        )


def plain_url(url: str) -> str:
    """Return the address of a server as a client names it. Raises :class:`ValueError`."""
    return str(_checked(url)).rstrip("/")


def new_key() -> str:
    """Return an Idempotency-Key that nobody has used."""
    return uuid.uuid4().hex


def _checked(url: str) -> httpx.URL:
    """Return an address. Raises :class:`ValueError` with a sentence for whoever wrote it."""
    try:
        address = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise ValueError(f"{url[:100]!r} is no address ({error})") from None
    if address.scheme not in {"http", "https"} or not address.host:
        raise ValueError(f"{url[:100]!r} must begin with http:// or https:// and name a host")
    if address.userinfo:
        raise ValueError("the address must not hold a password; give an API key instead")
    return address


def _checked_key(key: str) -> str:
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("the API key holds characters that no key has")
    return key


def _plain(query: Query) -> dict[str, Any]:
    """Return a query without what is not given, in words the server reads."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }


def _json(answer: httpx.Response) -> Answer | None:
    try:
        body = json.loads(answer.content)
    except ValueError:
        return None
    return Answer(body) if isinstance(body, dict) else None


def _is_passing(answer: httpx.Response) -> bool:
    """Return whether the same request may succeed soon."""
    if answer.status_code == 409:  # the first sending of this very request is still in work
        return "still in work" in answer.text
    return answer.status_code in _PASSING


def _wish(answer: httpx.Response) -> float | None:
    """Return how long the server asks to wait."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _backoff(tried: int) -> float:
    return float(0.2 * 4**tried * random.uniform(0.5, 1.5))  # noqa: S311 - jitter


def _reason(error: Exception) -> str:
    """Return the innermost reason in words: ``Connection refused``."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return getattr(cause, "strerror", None) or str(error) or type(error).__name__
