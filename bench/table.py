"""Figures: one a row, each with its rival, its floor and its goal."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

HEADERS = ("id", "what", "on", "rival", "ours", "ratio", "floor", "goal", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. A ratio is ours to the rival's and should be large; else ours has a bound."""

    id: str
    what: str
    on: str
    ours: float
    unit: str
    floor: float
    goal: float
    rival: float | None = None
    is_ratio: bool = False
    #: Said with the rival's figure, for example that it was not measured.
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to the rival's."""
        return self.ours / self.rival if self.rival else None

    @property
    def verdict(self) -> str:
        """Return how the figure stands to its floor and its goal."""
        if self.is_ratio:
            reached = self.ratio or 0.0
            is_goal, is_floor = reached >= self.goal, reached >= self.floor
        else:
            is_goal, is_floor = self.ours <= self.goal, self.ours <= self.floor
        return "goal met" if is_goal else "floor met" if is_floor else "below floor"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which ``percent`` of all lie; the largest for few values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def show(rows: Sequence[Row]) -> str:
    """Return the table as text, in Markdown."""
    lines = [HEADERS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADERS))]
    ruler = tuple("-" * width for width in widths)
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in (HEADERS, ruler, *lines[1:])
    )


def _cells(row: Row) -> tuple[str, ...]:
    rival = "-" if row.rival is None else f"{_number(row.rival)} {row.unit}"
    limits = [_percent(x) if row.is_ratio else f"≤ {_number(x)}" for x in (row.floor, row.goal)]
    return (
        row.id,
        row.what,
        row.on,
        f"{rival} ({row.note})" if row.note else rival,
        f"{_number(row.ours)} {row.unit}",
        "-" if row.ratio is None else _percent(row.ratio),
        *limits,
        row.verdict,
    )


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{value:.0%}" if value < 10 else f"{value:.1f} x"


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the figures for programs."""
    found = [asdict(row) | {"ratio": row.ratio, "verdict": row.verdict} for row in rows]
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> list[Row]:
    """Read figures that :func:`write_json` has written."""
    names = {field.name for field in fields(Row)}
    return [
        Row(**{name: value for name, value in found.items() if name in names})
        for found in json.loads(path.read_text())
    ]
