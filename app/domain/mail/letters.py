"""The words of e-mails: a notice as subject, text and HTML, in English or Vietnamese."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.clock import to_wire

#: Of an output only its end is sent: so many lines, and of these so many characters.
MOST_LINES: Final = 40
MOST_CHARACTERS: Final = 8000
_LONGEST_SUBJECT: Final = 200
_ESCAPES: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-_])")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of an execution that has ended."""

    kind: str
    job_id: str
    job_name: str
    execution_id: str
    status: str
    attempt: int = 1
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    error: str | None = None
    output: str | None = None
    #: Failures in a row, with this one or before this success.
    in_a_row: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail but for its addresses; the subject is one line."""

    subject: str
    text: str
    html: str


_Words = Mapping[str, str]
_ENGLISH: Final[_Words] = {
    "failure": "Failed: {name}",
    "success": "Succeeded: {name}",
    "cancelled": "Cancelled: {name}",
    "alarm": "Failed {number} times in a row: {name}",
    "recovery": "Works again: {name}",
    "failure.is": "The job {name} has failed.",
    "success.is": "The job {name} has succeeded.",
    "cancelled.is": "The job {name} was cancelled.",
    "alarm.is": "The job {name} has failed {number} times in a row.",
    "recovery.is": "The job {name} works again, after {number} failures in a row.",
    "left_out": "It had failed {number} times more since the last e-mail about it.",
    "status": "Status",
    "attempt": "Attempt",
    "started_at": "Started",
    "completed_at": "Ended",
    "duration": "Duration",
    "exit_code": "Exit code",
    "error": "Error",
    "output": "The end of its output",
    "execution": "Execution",
    "job": "Job",
    "seconds": "{number} s",
    "test": "A test of OneOff",
    "test.is": "E-mail works: OneOff has sent this because somebody asked for a test.",
}
_VIETNAMESE: Final[_Words] = {
    "failure": "Thất bại: {name}",
    "success": "Thành công: {name}",
    "cancelled": "Đã hủy: {name}",
    "alarm": "Thất bại {number} lần liên tiếp: {name}",
    "recovery": "Đã hoạt động trở lại: {name}",
    "failure.is": "Công việc {name} đã thất bại.",
    "success.is": "Công việc {name} đã thành công.",
    "cancelled.is": "Công việc {name} đã bị hủy.",
    "alarm.is": "Công việc {name} đã thất bại {number} lần liên tiếp.",
    "recovery.is": "Công việc {name} đã hoạt động trở lại sau {number} lần thất bại liên tiếp.",
    "left_out": "Công việc đã thất bại thêm {number} lần kể từ e-mail trước.",
    "status": "Trạng thái",
    "attempt": "Lần thử",
    "started_at": "Bắt đầu",
    "completed_at": "Kết thúc",
    "duration": "Thời gian chạy",
    "exit_code": "Mã thoát",
    "error": "Lỗi",
    "output": "Phần cuối của kết quả",
    "execution": "Lần chạy",
    "job": "Công việc",
    "seconds": "{number} giây",
    "test": "Thư thử của OneOff",
    "test.is": "E-mail đã hoạt động: OneOff gửi thư này vì có người yêu cầu gửi thử.",
}
LANGUAGES: Final[Mapping[str, _Words]] = {"en": _ENGLISH, "vi": _VIETNAMESE}


def render(notice: Notice, language: str, public_url: str = "") -> Letter:
    """Return a notice as a letter; links are in it if it is known where the page is."""
    words = LANGUAGES[language]
    facts = list(_facts(notice, words))
    links = list(_links(notice, words, public_url))
    head = [_said(words[f"{notice.kind}.is"], notice.job_name, notice.in_a_row)]
    if notice.left_out:
        head.append(_said(words["left_out"], "", notice.left_out))
    output = _end_of(notice.output or "")
    subject = _said(words[notice.kind], notice.job_name, notice.in_a_row)
    return Letter(
        _subject(subject),
        _text(head, facts + links, words["output"], output),
        _html(head, facts, links, (words["output"], output)),
    )


def trial(language: str) -> Letter:
    """Return a letter that only shows that e-mail works."""
    words = LANGUAGES[language]
    head = [words["test.is"]]
    return Letter(_subject(words["test"]), _text(head, [], "", ""), _html(head, [], [], ("", "")))


def _said(form: str, name: str, number: int) -> str:
    """Fill a sentence; in its other parts a name is never taken for a place to fill."""
    return form.replace("{number}", str(number)).replace("{name}", _one_line(name))


def _subject(text: str) -> str:
    whole = f"[OneOff] {text}"
    return whole if len(whole) <= _LONGEST_SUBJECT else whole[: _LONGEST_SUBJECT - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(_seen(text).split())


def _seen(text: str) -> str:
    """Return a text without what steers a terminal and without characters nobody sees."""
    return _UNSEEN.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def _end_of(output: str) -> str:
    lines = _seen(output[-4 * MOST_CHARACTERS :]).rstrip().split("\n")[-MOST_LINES:]
    return "\n".join(lines)[-MOST_CHARACTERS:]


def _facts(notice: Notice, words: _Words) -> Iterator[tuple[str, str]]:
    yield words["status"], notice.status
    if notice.attempt > 1:
        yield words["attempt"], str(notice.attempt)
    for name in ("started_at", "completed_at"):
        if (moment := getattr(notice, name)) is not None:
            yield words[name], to_wire(moment)
    if notice.duration_ms is not None:
        seconds = f"{notice.duration_ms / 1000:.3f}"
        yield words["duration"], words["seconds"].replace("{number}", seconds)
    if notice.exit_code is not None:
        yield words["exit_code"], str(notice.exit_code)
    if notice.error:
        yield words["error"], _end_of(notice.error)


def _links(notice: Notice, words: _Words, public_url: str) -> Iterator[tuple[str, str]]:
    if public_url:
        yield words["execution"], f"{public_url}/executions/{notice.execution_id}"
        yield words["job"], f"{public_url}/jobs/{notice.job_id}"


def _text(head: list[str], facts: list[tuple[str, str]], title: str, output: str) -> str:
    parts = ["\n".join(head)]
    if facts:
        parts.append("\n".join(f"{name}: {value}" for name, value in facts))
    if output:
        parts.append(f"{title}:\n\n{output}")
    return "\n\n".join(parts) + "\n"


def _html(
    head: list[str],
    facts: list[tuple[str, str]],
    links: list[tuple[str, str]],
    printed: tuple[str, str],
) -> str:
    escaped = html.escape
    rows = [
        f'<tr><th align="left" valign="top">{escaped(name)}</th>'
        f'<td style="white-space:pre-wrap">{escaped(value)}</td></tr>'
        for name, value in facts
    ]
    anchors = [f'<a href="{escaped(url)}">{escaped(name)}</a>' for name, url in links]
    title, output = printed
    return "\n".join(
        [
            '<!doctype html><html><head><meta charset="utf-8"></head>',
            '<body style="font-family:sans-serif">',
            *(f"<p>{escaped(line)}</p>" for line in head),
            *(["<table>", *rows, "</table>"] if rows else []),
            *([f"<p>{' · '.join(anchors)}</p>"] if anchors else []),
            *([f"<p>{escaped(title)}:</p><pre>{escaped(output)}</pre>"] if output else []),
            "</body></html>\n",
        ]
    )
