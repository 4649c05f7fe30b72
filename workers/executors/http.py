"""Performs http jobs: calls a web address, writes the answer out, judges it by its status."""

import re
import time
from dataclasses import replace

from app.domain.specs.http import BODILESS, HttpSpec
from workers.executors.base import (
    EXIT_CANCELLED,
    EXIT_TIMEOUT,
    Context,
    Options,
    Outcome,
    Output,
)
from workers.executors.http_body import is_known
from workers.executors.http_call import Answer, Caller, Request
from workers.executors.http_net import Resolve, resolve
from workers.executors.http_patience import PERMANENT, retry_after
from workers.executors.http_stream import CallFailed
from workers.executors.watch import Interrupted, Watch

_BINARY_FAMILIES = frozenset({"application", "audio", "font", "image", "model", "video"})
#: Words in the rest of a type that make it text all the same: ``image/svg+xml``.
_TEXT_WORD = re.compile(
    r"\b(csv|ecmascript|graphql|html|javascript|json|jsonl|ndjson|pem|sh|sql|text|toml|urlencoded"
    r"|xml|yaml)\b"
)
_MASKED_WORDS = ("cookie", "token", "secret", "api-key", "apikey")


class HttpExecutor:
    """One call per attempt; transport failures are tried again, statuses are not."""

    def __init__(self, options: Options, *, resolve: Resolve = resolve) -> None:
        self._caller = Caller(options.outbound, resolve=resolve)

    def perform(self, spec: HttpSpec, context: Context) -> Outcome:
        """Make the call. ``args`` and ``env`` of the parameters mean nothing here."""
        started = time.monotonic()
        own_deadline = started + spec.timeout
        deadline = min(own_deadline, context.deadline or own_deadline)
        try:
            answer = self._call(spec, context, Watch(deadline, context.stop))
        except CallFailed as failure:
            error, in_vain = f"HTTP request failed: {failure}", not failure.may_retry
            return Outcome("failed", 1, error, failure.code, is_permanent=in_vain)
        except Interrupted as interruption:
            return _interrupted(interruption, deadline - started)
        if spec.accepts(answer.status):
            return Outcome("completed", 0)
        return _refused(answer)

    def close(self) -> None:
        """Nothing is held between attempts."""

    def _call(self, spec: HttpSpec, context: Context, watch: Watch) -> Answer:
        request = _request(spec, context)
        tries, delay = spec.retry_count + 1, spec.retry_delay_seconds
        number = 1
        while True:
            printer = _Printer(context.output)
            try:
                with context.call(spec.method, spec.url, number) as call:
                    traced = _traced(request, call.traceparent)
                    answer = self._caller.call(traced, printer, watch)
                    call.answered(answer.status)
            except CallFailed as failure:
                if number == tries or not failure.may_retry or not watch.outlasts(delay):
                    raise
                number += 1
                _say(context.output, f"Attempt {number} of {tries} in {delay:g} s: {failure}.")
                watch.pause(delay)
            else:
                printer.finish()
                return answer


class _Printer:
    """Writes an answer out while it comes."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._label = ""
        self._hidden = 0
        self._is_hidden = False

    def redirected(self, status: int, origin: str) -> None:
        _say(self._output, f"Redirected with status {status} to {origin}.")

    def head(self, answer: Answer) -> None:
        self._label, self._is_hidden = _label(answer), not _is_text(answer)
        lines = [f"{answer.http_version} {answer.status} {answer.reason}".rstrip(), "", "Headers:"]
        lines += [f"{name}: {_shown(name, value)}" for name, value in answer.headers]
        self._output.write("stdout", "\n".join([*lines, "", "Body:", ""]).encode())

    def body(self, data: bytes) -> None:
        if self._is_hidden:
            self._hidden += len(data)
        else:
            self._output.write("stdout", data)

    def cut(self, limit: int) -> None:
        _say(self._output, f"The body is longer than {limit} bytes; the rest is not read.")

    def finish(self) -> None:
        """Say what was not shown."""
        if self._hidden:
            _say(self._output, f"<{self._hidden} bytes of {self._label} not shown>")


def _say(output: Output, text: str) -> None:
    output.write("system", f"{text}\n".encode())


def _request(spec: HttpSpec, context: Context) -> Request:
    body = spec.body if context.parameters.body is None else context.parameters.body
    if body and spec.method in BODILESS:
        _say(context.output, f"The body given is not sent: a {spec.method} request has none.")
        body = None
    given = {name.lower() for name in spec.headers}
    ours = {"Idempotency-Key": context.root_execution_id}
    added = {name: value for name, value in ours.items() if value and name.lower() not in given}
    return Request(
        method=spec.method,
        url=spec.url,
        headers={**spec.headers, **added},
        body=body.encode(errors="replace") if body else None,
        follow_redirects=spec.follow_redirects,
        max_redirects=spec.max_redirects,
        verify_tls=spec.verify_tls,
    )


def _traced(request: Request, traceparent: str) -> Request:
    """Return the request as a part of a trace, unless the job says itself of which."""
    if any(name.lower() == "traceparent" for name in request.headers):
        return request
    return replace(request, headers={**request.headers, "traceparent": traceparent})


def _refused(answer: Answer) -> Outcome:
    return Outcome(
        "failed",
        1,
        f"HTTP request returned error status: {answer.status}",
        "HTTP_STATUS",
        retry_after_seconds=retry_after(answer),
        is_permanent=answer.status in PERMANENT,
    )


def _interrupted(interruption: Interrupted, seconds: float) -> Outcome:
    match interruption.reason:
        case "timeout":
            text = f"HTTP request timed out after {max(0.0, round(seconds, 1)):g} seconds"
            return Outcome("timeout", EXIT_TIMEOUT, text, "TIMEOUT")
        case "cancel" | "force":
            return Outcome("cancelled", EXIT_CANCELLED, "Job cancelled by user", "CANCELLED")
        case "shutdown":
            text = "HTTP request was ended because the worker shut down"
            return Outcome("failed", error=text, error_code="WORKER_SHUTDOWN")
        case "fenced":
            text = "HTTP request was ended because this worker had lost its lease on the execution"
            return Outcome("failed", error=text, error_code="FENCED")


def _shown(name: str, value: str) -> str:
    return "***" if any(word in name.lower() for word in _MASKED_WORDS) else value


def _label(answer: Answer) -> str:
    kind = answer.header("Content-Type").partition(";")[0].strip()[:100] or "unknown type"
    return kind if is_known(answer.encoding) else f"{answer.encoding[:20]}-encoded {kind}"


def _is_text(answer: Answer) -> bool:
    """Return whether a body is worth showing: all but what is clearly not text."""
    if not is_known(answer.encoding):
        return False
    kind = answer.header("Content-Type").partition(";")[0].strip().lower()
    family, _, name = kind.partition("/")
    return family not in _BINARY_FAMILIES or _TEXT_WORD.search(name) is not None
