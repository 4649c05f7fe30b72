"""Measures the product beside its rivals and prints a table.

python -m bench [P-1 P-14 …] [--database sqlite|postgresql] [--quick] [--json FILE] [--page]

All of it takes hours. It may be done in parts, on one machine: each part writes its figures with
--json, and the last one has the page written of them all: --page --with FILE …
"""

import argparse
import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import (
    crash,
    databases,
    handing,
    idle,
    latency,
    lists,
    page,
    posts,
    priority,
    punctuality,
    recurring,
    scaling,
    throughput,
)
from bench.figures import Bench, Group
from bench.output import live
from bench.stage import say
from bench.table import Row, read_json, show, write_json

GROUPS = (
    Group(("P-15",), latency.shell_cost, per_database=False),
    Group(("P-17",), latency.request_to_start),
    Group(("P-3", "P-4"), posts.measure),
    Group(("P-16",), live.measure),
    Group(("P-5",), handing.measure, per_database=False),
    Group(("P-12", "P-13"), lists.measure),
    Group(("P-18", "P-19"), idle.measure),
    Group(("P-20",), idle.first_job),
    Group(("P-21",), scaling.measure),
    Group(("P-1", "P-2", "P-14"), throughput.measure),
    Group(("P-10", "P-11"), priority.measure),
    Group(("P-6", "P-7", "P-8", "P-9"), punctuality.measure),
    Group(("P-22",), crash.measure),
    Group(("P-23",), recurring.measure),
)
_KNOWN = [figure for group in GROUPS for figure in group.ids]


def main() -> int:
    """Measure what is asked for; return 1 if a figure is below its floor."""
    given = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.disable(logging.INFO)
    rows: list[Row] = []
    try:
        for row in _measure(given):
            rows.append(row)
            say(show([row]).splitlines()[-1])
    except KeyboardInterrupt:
        say("stopped")
    rows.sort(key=_place)
    print(show(rows))
    if given.json:
        write_json(rows, given.json)
    if given.page:
        earlier = [row for path in given.earlier for row in read_json(path)]
        page.write(sorted([*earlier, *rows], key=_place), quick=given.quick)
    return int(any(row.verdict == "below floor" for row in rows))


def _place(row: Row) -> tuple[int, str, str]:
    return int(row.id[2:]), row.on, row.what


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(_KNOWN)}")
    parser.add_argument("--database", choices=[databases.SQLITE, databases.POSTGRESQL])
    parser.add_argument("--quick", action="store_true", help="less of all, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument(
        "--with",
        dest="earlier",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="figures of earlier parts for the page, as --json wrote them",
    )
    given = parser.parse_args()
    given.figures = [f"P-{name}" if name.isdigit() else name for name in given.figures]
    unknown = set(given.figures) - set(_KNOWN)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    if given.page and given.figures and not given.earlier:
        parser.error("the page shows all figures: name none, or the parts measured before: --with")
    if given.earlier and not given.page:
        parser.error("--with is for the page: --page")
    for path in given.earlier:
        if not path.is_file():
            parser.error(f"there is no file {path}")
    return given


def _measure(given: argparse.Namespace) -> Iterator[Row]:
    wanted = frozenset(given.figures or _KNOWN)
    usable = list(_databases(given.database))
    for group in GROUPS:
        if wanted & set(group.ids):
            for database in usable if group.per_database else ["-"]:
                say(f"{', '.join(sorted(wanted & set(group.ids)))} on {database}")
                yield from group.measure(Bench(database, given.quick, wanted))


def _databases(only: str | None) -> Iterator[str]:
    for database in (only,) if only else (databases.SQLITE, databases.POSTGRESQL):
        reason = databases.why_not(database)
        if reason:
            say(f"{database} is left out: {reason}")
        else:
            yield database


if __name__ == "__main__":
    sys.exit(main())
