"""What people write behind options: files, JSON, pairs, moments."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from app.domain.clock import now, to_wire
from app.domain.texts import json_text

_SPAN = re.compile(r"\+(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
#: As far ahead as a span may reach, in days; a date may be later.
_LONGEST_DAYS = 36_500


class Moment(click.ParamType[str]):
    """``now``, a moment for the server to read, or a span from now such as ``+1h30m``."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return a moment as the API takes it."""
        text = str(value).strip()
        if not text.startswith("+"):
            return text
        found = _SPAN.fullmatch(text)
        if found is None:
            self.fail(f"{text!r} is no span of time, such as +10m or +1d12h.", param, ctx)
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        try:
            span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            span = timedelta.max
        if span > timedelta(days=_LONGEST_DAYS):
            self.fail(f"{text!r} is longer than {_LONGEST_DAYS} days.", param, ctx)
        return to_wire(now() + span)


class Seconds(click.ParamType[int]):
    """A span of time such as ``90s``, ``5m`` or ``1h30m``; a plain number is seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the span in seconds."""
        text = str(value).strip().removeprefix("+")
        found = _SPAN.fullmatch(f"+{text}s" if text.isdecimal() else f"+{text}")
        if found is None or not any(found.groups()):
            self.fail(f"{text[:100]!r} is no span of time, such as 90s or 1h30m.", param, ctx)
        days, hours, minutes, seconds = (int((part or "0")[:9]) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


class WholeOrNone(click.ParamType[str | int]):
    """A whole number, or the word ``none`` for no such limit."""

    name = "number|none"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | int:
        """Return a number, or the word."""
        text = str(value).strip().lower()
        if text == "none":
            return text
        if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
            self.fail(f"{text[:100]!r} is no whole number.", param, ctx)
        return int(text)


def retry(text: str) -> Any:
    """Return a retry policy: an object, a number of retries, or a name (``none`` among them)."""
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        return {"max_retries": int(text)}
    return json_object(text, "--retry") if text.startswith(("{", "@")) else text


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Return ``NAME=value`` words as a map; the first ``=`` divides."""
    made = {}
    for word in given:
        name, divider, value = word.partition("=")
        if not (divider and name):
            raise click.BadParameter(f"{word[:100]!r} must be NAME=value.", param_hint=option)
        made[name] = value
    return made


def headers(given: Sequence[str]) -> dict[str, str]:
    """Return ``Name: value`` words as a map."""
    made = {}
    for word in given:
        name, divider, value = word.partition(":")
        if not (divider and name.strip()):
            message = f"{word[:100]!r} must be 'Name: value'."
            raise click.BadParameter(message, param_hint="--header")
        made[name.strip()] = value.strip()
    return made


def json_object(word: str, option: str) -> dict[str, Any]:
    """Return the object in ``@FILE``, in standard input (``-``) or in the word itself."""
    text = text_of(word, option) if word == "-" or word.startswith("@") else word
    value = parsed(text, option)
    if not isinstance(value, dict):
        raise click.BadParameter("must be a JSON object.", param_hint=option)
    return value


def parsed(text: str, option: str) -> Any:
    """Return the value of a JSON text."""
    try:
        return json_text.read(text)
    except json_text.UnreadableError as error:
        raise click.BadParameter(f"{error}.", param_hint=option) from None


def text_of(word: str, option: str) -> str:
    """Return the text in ``@FILE`` or in standard input (``-``), else the word itself."""
    if word in {"-", "@-"}:
        return _standard_input(option)
    return file_text(word[1:], option) if word.startswith("@") else word


def file_text(path: str, option: str) -> str:
    """Return the text of a file; ``-`` is standard input."""
    if path == "-":
        return _standard_input(option)
    try:
        return Path(path).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"{path[:200]!r} can't be read: {error.strerror}."
        raise click.BadParameter(message, param_hint=option) from None
    except UnicodeDecodeError as error:
        message = f"{path[:200]!r} is no text in UTF-8 (byte {error.start + 1})."
        raise click.BadParameter(message, param_hint=option) from None


def _standard_input(option: str) -> str:
    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"standard input is no text in UTF-8 (byte {error.start + 1})."
        raise click.BadParameter(message, param_hint=option) from None
    if not text.strip():
        raise click.BadParameter("standard input is empty.", param_hint=option)
    return text


def json_value(word: str) -> str:
    """Return a word as JSON text: as it is if it is some, else as a text in quotes."""
    try:
        json.loads(word)
    except ValueError:
        return json.dumps(word)
    return word
