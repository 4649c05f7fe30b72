"""Showing answers: JSON for programs, tables for people, plain columns for pipes."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.domain import execution_state as state
from app.domain.clock import now, to_wire

#: All that moves a terminal's cursor, and both line ends; tabs do no harm.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
#: A pipe has no width: whole values, one row a line.
_ENDLESS: Final = 100_000
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_COLORS: Final = {
    state.COMPLETED: "green",
    state.RUNNING: "cyan",
    state.CANCELLING: "yellow",
    state.CANCELLED: "yellow",
    state.SKIPPED: "yellow",
    **dict.fromkeys(state.FAILURES, "red"),
}


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command shows what it found."""

    as_json: bool = False
    no_color: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return sys.stdout.isatty() and not self.as_json

    def json(self, value: Any) -> None:
        """Print a value as one JSON document."""
        print(json.dumps(value, indent=2, ensure_ascii=not _is_utf8()))

    def json_line(self, value: Any) -> None:
        """Print a value as one line of JSON, at once."""
        print(json.dumps(value, ensure_ascii=not _is_utf8()), flush=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print rows under their columns; the first column is never cut."""
        table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
        for index, name in enumerate(columns):
            table.add_column(name, no_wrap=not index, overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self._print(table)

    def pairs(self, values: Mapping[str, Any]) -> None:
        """Print what is known of one thing: a name and a value a line, never cut."""
        known = {n: _cell(v) for n, v in values.items() if v not in (None, "", [], {})}
        width = max(map(len, known)) + 2
        lines = (Text(f"{n:<{width}}", "bold").append_text(v) for n, v in known.items())
        self._print(Text("\n").join(lines))

    def done(self, value: Any, sentence: str) -> None:
        """Say what was done: in words, or as JSON."""
        if self.as_json:
            self.json(value)
        else:
            print(clean(sentence))

    def _print(self, shown: Table | Text) -> None:
        console = Console(
            no_color=self.no_color or None,
            width=None if sys.stdout.isatty() else _ENDLESS,
            highlight=False,
            emoji=False,
            markup=False,
        )
        with console.capture() as captured:
            console.print(shown, soft_wrap=isinstance(shown, Text))
        print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def note(text: str) -> None:
    """Say something beside the answer, where it does not disturb a pipe."""
    click.echo(text, err=True)


def clean(text: str) -> str:
    """Return a text without what could move the cursor of a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def relative(moment: datetime | None) -> str:
    """Return how far away a moment is: ``in 3 h``, ``5 min ago``."""
    if moment is None:
        return ""
    seconds = round((moment - now()).total_seconds())
    span = next((f"{abs(seconds) // n} {u}" for n, u in _UNITS if abs(seconds) >= n), "")
    if not span:
        return "now"
    return f"in {span}" if seconds > 0 else f"{span} ago"


def exact(moment: datetime | None) -> str:
    """Return a moment in full, with how far away it is."""
    return f"{to_wire(moment)} ({relative(moment)})" if moment else ""


def duration(milliseconds: int | None) -> str:
    """Return how long something took: ``40 ms``, ``2.5 s``, ``3 min 20 s``."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _cell(value: Any) -> Text:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, list | tuple):
        value = ", ".join(str(part) for part in value)
    text = "" if value is None else clean(str(value))
    return Text(text, style=_COLORS.get(text, ""))


def _is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
