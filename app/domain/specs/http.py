"""The config of a job that calls a web address."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.domain.rules import Rules
from app.domain.specs.base import MAX_TIMEOUT_SECONDS, Spec
from app.domain.web_address import MAX_URL_LENGTH, check_url

DEFAULT_TIMEOUT_SECONDS = 30
MAX_BODY_BYTES = 1_048_576
MAX_HEADERS = 100
MAX_HEADER_BYTES = 8192

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
#: Methods whose requests carry no body.
BODILESS = frozenset({"GET", "HEAD"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Headers that belong to the connection, not to the request.
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, int) else value


def _check_address(value: str) -> str:
    check_url(value)
    return value


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name[:100]!r} is not a valid header name.")
    if name.lower() in _OURS:
        raise ValueError(f"The header {name} is set by the connection and can't be given.")
    if _CONTROL.search(value):
        raise ValueError(f"The value of the header {name} holds a line end or control character.")
    if len(value.encode()) > MAX_HEADER_BYTES:
        raise ValueError(f"The value of the header {name} is longer than {MAX_HEADER_BYTES} bytes.")


class HttpSpec(Spec):
    """Call a web address and judge its answer by the status.

    Also understood: ``timeout_seconds`` for ``timeout``; ``retry`` with ``attempts`` and ``delay``
    (milliseconds) for ``retry_count`` and ``retry_delay_seconds``; a single ``expected_status``.
    """

    kind: ClassVar[str] = "http"
    title: ClassVar[str] = "HTTP request"
    description: ClassVar[str] = "Calls a web address; succeeds unless the status is 400 or above."
    public: ClassVar[frozenset[str]] = frozenset(
        {
            "method",
            "timeout",
            "timeout_seconds",
            "retry",
            "retry_count",
            "retry_delay_seconds",
            "expected_status",
            "follow_redirects",
            "max_redirects",
            "verify_tls",
        }
    )
    public_addresses: ClassVar[frozenset[str]] = frozenset({"url"})

    url: Annotated[str, AfterValidator(_check_address)] = Field(
        title="URL",
        description="Where to send the request; http:// or https://.",
        max_length=MAX_URL_LENGTH,
        examples=["https://example.com/health"],
        json_schema_extra={"format": "uri"},
    )
    method: Annotated[Method, BeforeValidator(_upper)] = Field(
        default="GET", title="Method", description="In capitals or not."
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        title="Headers",
        description="Sent with the request. Host and Content-Length are set by the connection.",
        max_length=MAX_HEADERS,
        examples=[{"Content-Type": "application/json"}],
    )
    body: str | None = Field(
        default=None,
        title="Body",
        description="Sent as it stands, in UTF-8, at most 1 MiB. Not with GET and HEAD.",
        json_schema_extra={"format": "text"},
    )
    timeout: float = Field(
        default=DEFAULT_TIMEOUT_SECONDS,
        title="Timeout (seconds)",
        description="For everything together: all tries and redirects. 0 means 30.",
        ge=1,
        le=MAX_TIMEOUT_SECONDS,
        allow_inf_nan=False,
    )
    retry_count: int = Field(
        default=3,
        title="Retries",
        description="How often to try again when no answer comes. A status is never retried.",
        ge=0,
        le=10,
    )
    retry_delay_seconds: float = Field(
        default=2.0,
        title="Seconds between tries",
        ge=0,
        le=3600,
        allow_inf_nan=False,
    )
    expected_status: (
        Annotated[
            list[Annotated[int, Field(ge=100, le=599)]],
            BeforeValidator(_listed),
            Field(min_length=1, max_length=50),
        ]
        | None
    ) = Field(
        default=None,
        title="Expected status",
        description="Statuses that count as success. Without it: all below 400.",
        examples=[[200, 204]],
    )
    follow_redirects: bool = Field(
        default=True,
        title="Follow redirects",
        description="Each new address is checked; secret headers stay with the first one.",
    )
    max_redirects: int = Field(default=5, title="Redirects at most", ge=0, le=5)
    verify_tls: bool = Field(
        default=True,
        title="Check the certificate",
        description="Switch off only for a server with a certificate of its own making.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, given: Any) -> Any:
        """Fold the other spellings into the fields, and drop what is as if absent."""
        if not isinstance(given, Mapping):
            return given
        config = {name: value for name, value in given.items() if value is not None}
        if "timeout_seconds" in config:
            _put(config, "timeout", config.pop("timeout_seconds"), given_as="timeout_seconds")
        _unfold_retry(config)
        for name in ("headers", "body", "timeout"):
            if name in config and _is_absent(config[name]):
                del config[name]
        return config

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            _check_header(name, value)
        if len({name.lower() for name in headers}) < len(headers):
            raise ValueError("A header is given twice, in different capitals.")
        return {name: value.strip(" \t") for name, value in headers.items()}

    @field_validator("body")
    @classmethod
    def _check_body(cls, body: str | None, info: ValidationInfo) -> str | None:
        if body is not None and info.data.get("method") in BODILESS:
            raise ValueError(f"A {info.data['method']} request has no body.")
        if len((body or "").encode()) > MAX_BODY_BYTES:
            raise ValueError(f"The body is longer than {MAX_BODY_BYTES} bytes.")
        return body

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return why the host must not be reached, as far as can be said without asking DNS."""
        sentence = check_url(self.url).refusal(rules.outbound)
        return ("url", sentence) if sentence else None

    def accepts(self, status: int) -> bool:
        """Return whether an answer with this status is a success."""
        return status < 400 if self.expected_status is None else status in self.expected_status


def _is_absent(value: object) -> bool:
    """Empty text and maps and a timeout of 0 (but not ``False``) are as if they were not there."""
    return not isinstance(value, bool) and value in ("", {}, 0)


def _unfold_retry(config: dict[str, Any]) -> None:
    """Take ``{"attempts": 3, "delay": 2000}`` (milliseconds) apart."""
    retry = config.pop("retry", None)
    if retry is None:
        return
    if not isinstance(retry, Mapping) or set(retry) - {"attempts", "delay"}:
        raise ValueError("retry: takes attempts and delay (milliseconds).")
    if "attempts" in retry:
        _put(config, "retry_count", retry["attempts"], given_as="retry")
    if "delay" in retry:
        _put(config, "retry_delay_seconds", _seconds(retry["delay"]), given_as="retry")


def _put(config: dict[str, Any], name: str, value: object, *, given_as: str) -> None:
    if name in config:
        raise ValueError(f"{given_as}: says the same as {name}; give one of them.")
    config[name] = value


def _seconds(milliseconds: object) -> object:
    if isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool):
        return milliseconds / 1000
    return milliseconds
