"""Requests that executors send, as spans below that of their attempt."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.domain.traces import Point
from app.services import tracing
from app.services.tracing import Span
from workers.executors.base import Call, Calls


@dataclass(slots=True)
class _Recorded:
    span: Span
    status: int | None = None

    @property
    def traceparent(self) -> str:
        return str(self.span.point)

    def answered(self, status: int) -> None:
        self.status = status


def below(attempt: Point) -> Calls:
    """Return what begins calls of an attempt."""

    @contextmanager
    def begin(method: str, url: str, number: int) -> Iterator[Call]:
        more = {"http.request.resend_count": number - 1} if number > 1 else {}
        with tracing.begin_call(method, url, attempt, more) as span:
            call, error = _Recorded(span), ""
            try:
                yield call
            except Exception as failure:
                error = _code(failure)
                raise
            finally:
                tracing.end_call(span, call.status, error)

    return begin


def _code(failure: Exception) -> str:
    """Return a word for why a call failed; the texts of failures may quote secrets."""
    return str(getattr(failure, "code", "") or getattr(failure, "reason", "broken"))
