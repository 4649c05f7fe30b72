"""The page of figures for people: docs/benchmarks.md, written by ``python -m bench --page``."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from app.cli import broker_server
from app.version import VERSION
from bench import databases
from bench.stage import ROOT
from bench.table import Row, show

PAGE = ROOT / "docs" / "benchmarks.md"
_PACKAGES = ("celery", "kombu", "redis", "sqlalchemy", "flask", "gunicorn", "psycopg")
_GIB = 1024**3
_QUICK = (
    "A quick run, with less of everything and fewer rows than the figures ask for: a first look"
)

_HEAD = """# Benchmarks

<!-- Written by `python -m bench --page`. Don't edit it here. -->

What OneOff costs and how punctual it is, each figure beside what its users would otherwise write,
both measured in one run on one machine: bare Celery on the same kind of broker with the same pool,
Flask with one `INSERT` behind the same HTTP server, `count(*)`. Read the ratios: absolute numbers
depend on the machine.
"""
_COLUMNS = """## What the columns mean

- **id**: the figure; `python -m bench 1` measures figure 1 alone.
- **on**: the database. A dash: it plays no part.
- **rival**: what the alternative reaches. A remark in brackets says if it was reckoned or is known.
- **ours**: the median of several runs, or the percentile that is named.
- **ratio**: ours to the rival's.
- **floor** and **goal**: what a good product has, and what we are after. A percentage or `x` is
  the least ratio; `≤` is the most that ours may be.
- **verdict**: how ours stands to both. A figure below its floor is shown like any other.

The rival runs first and last, with ours in between, so that a machine that becomes slower harms
both. Throughput is measured from a full queue: everything is sent while the workers are halted,
and the time ends when the last row has its end and no message is left. Commits reach the disk on
PostgreSQL; SQLite runs as it does in the product (WAL, `synchronous=NORMAL`).
"""
_REPEAT = """## How to repeat it

```
make bench              # all of it, some hours; writes this page
make bench QUICK=1      # all of it with less of everything, some minutes; writes no page
make bench JSON=FILE    # for programs, too
.venv/bin/python -m bench 12 13 --database sqlite
```

It may be done in parts: let each write its figures with `--json`, and the last one the page of them
all with `--page --with FILE …`.

PostgreSQL is left out where no server is installed (Debian: `apt-get install postgresql`). The
machine should do nothing else meanwhile.

`make soak MINUTES=60` is the counterpart for safety: under steady load it does the product a harm
every 30 seconds, from `kill -9` of each process to a broker that loses its data, and judges at the
end that no job was lost or run twice. See [Operations](operations.md#trying-to-break-it).
"""


def write(rows: Sequence[Row], *, quick: bool) -> None:
    """Write the page anew."""
    PAGE.write_text(text(rows, [*_machine(), *([_QUICK] if quick else [])]))


def text(rows: Sequence[Row], machine: Sequence[str]) -> str:
    """Return the page."""
    where = "\n".join(f"- {line}" for line in machine)
    shown = show([replace(row, id=row.id.removeprefix("P-")) for row in rows])
    return "\n".join([_HEAD, where, "", shown, "", _COLUMNS, _REPEAT])


def _machine() -> Iterator[str]:
    """Yield what the figures depend on."""
    yield f"Date: {datetime.now(UTC).date().isoformat()}, OneOff {VERSION}"
    memory = psutil.virtual_memory().total / _GIB
    yield (
        f"Machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB memory,"
        f" {platform.system()} {platform.release()}"
    )
    yield f"Python {platform.python_version()}; " + ", ".join(
        f"{name} {version(name)}" for name in _PACKAGES
    )
    server = broker_server.binary()
    yield f"Broker: {_first_line(str(server)) if server else 'none'}"
    program = databases.program("postgres")
    yield f"Databases: SQLite {sqlite3.sqlite_version}" + (
        f", {_first_line(program)}" if program else ""
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _first_line(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].strip()
