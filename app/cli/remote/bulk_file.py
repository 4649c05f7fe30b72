"""Files of many jobs: a JSON array, or one JSON object after the other, a line each or not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.texts import json_text

_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Item:
    """One job of the file, and the line where it begins."""

    line: int
    job: Any


class FileError(ValueError):
    """The file is no list of jobs; the message says where it goes wrong."""


def items(text: str) -> list[Item]:
    """Return the jobs of a file. Raises :class:`FileError`."""
    return [*_Reader(text).items()]


class _Reader:
    """Reads one value after the other, and counts lines on the way."""

    def __init__(self, text: str) -> None:
        self._text, self._place, self._line = text, 0, 1
        self._decoder = json.JSONDecoder()

    def items(self) -> Iterator[Item]:
        """Yield the jobs."""
        self._skip(_BLANK)
        is_array = self._text.startswith("[", self._place)
        if is_array:
            self._advance(self._place + 1)
            self._skip(_BLANK)
        while not self._is_over("]" if is_array else ""):
            yield self._item()
            self._skip(_BLANK)
            if is_array:
                self._comma()
        if is_array:
            self._end()

    def _item(self) -> Item:
        line, begin = self._line, self._place
        try:
            _, end = self._decoder.raw_decode(self._text, begin)
            job = json_text.read(self._text[begin:end])
        except json.JSONDecodeError as error:
            raise FileError(f"line {error.lineno}: malformed JSON: {error.msg}") from None
        except (RecursionError, ValueError) as error:
            raise FileError(f"line {line}: {error}") from None
        self._advance(end)
        return Item(line, job)

    def _comma(self) -> None:
        if self._text.startswith("]", self._place):
            return
        if not self._text.startswith(",", self._place):
            raise FileError(f"line {self._line}: malformed JSON: expected ',' or ']'")
        self._advance(self._place + 1)
        self._skip(_BLANK)
        if self._text.startswith("]", self._place):
            raise FileError(f"line {self._line}: malformed JSON: nothing behind the last ','")

    def _end(self) -> None:
        self._advance(self._place + 1)
        self._skip(_BLANK)
        if self._place < len(self._text):
            raise FileError(f"line {self._line}: there is something behind the list")

    def _is_over(self, closing: str) -> bool:
        if self._place >= len(self._text):
            if closing:
                raise FileError(f"line {self._line}: the list is not closed")
            return True
        return bool(closing) and self._text.startswith(closing, self._place)

    def _skip(self, characters: str) -> None:
        place = self._place
        while place < len(self._text) and self._text[place] in characters:
            place += 1
        self._advance(place)

    def _advance(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place
