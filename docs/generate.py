"""Writes the parts of the docs that the code knows best.

    python docs/generate.py            write what is stale
    python docs/generate.py --check    only say what is stale; the exit code is 1 if anything is

A page in ``reference/`` is written whole. In other pages the lines between ``<!-- generated: name
-->`` and ``<!-- end -->`` are written, and all else is left alone.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import annotated_types
import click
from prometheus_client.parser import text_string_to_metric_families
from pydantic.fields import FieldInfo

from app import db
from app.api import errors
from app.cli.root import cli
from app.domain import execution_state as state
from app.services import metrics
from app.settings import RUNTIME_KEYS, SECRETS, Settings
from docs import error_codes, explanations
from docs.access_page import access_page
from docs.markdown import page, table
from docs.other_addresses import aliases_page
from docs.permissions_page import permissions_page
from migrations import apply

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
_UNPROCESSABLE = 422
_SECTION = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


# Settings


def settings() -> str:
    """Return the table of all settings."""
    rows = [
        (f"`{name.upper()}`", _default(info), info.description or "", _limits(info))
        for name, info in Settings.model_fields.items()
        if name != "given"
    ]
    return table(("Name", "Default", "What it is", "Limits"), *rows)


def _default(info: FieldInfo) -> str:
    if info.default in ("", b"", ()):
        return "none"
    text = str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
    return f"`{text}`"


def _limits(info: FieldInfo) -> str:
    low = [str(m.ge) for m in info.metadata if isinstance(m, annotated_types.Ge)]
    high = [str(m.le) for m in info.metadata if isinstance(m, annotated_types.Le)]
    return f"{low[0]} to {high[0]}" if low and high else ""


def settings_page() -> str:
    """Return the page of settings."""
    return page(
        "Settings",
        "All settings are read once, at the start. A value comes from the first of these that has "
        "it: a flag of the command line, the environment, the settings file, the default.",
        settings(),
        "- **File.** Lines of `NAME=value` in `DATA_DIR/oneoff.env`, or in the file that "
        "`ONEOFF_CONFIG` (or `--config`) names. An unknown name in it is an error.",
        f"- **Secrets.** {_names(SECRETS)} may hold a password. Each may also be read from a file: "
        "put the file's path into the name with `_FILE` added, such as `DATABASE_URL_FILE`.",
        f"- **Values of the run time.** {_names(RUNTIME_KEYS)} are also kept in the database, and "
        "`PATCH /api/system/config` changes them while the product runs. A flag or the environment "
        "of the present start wins over the database, and then a change is refused.",
        "- **Together.** A `HOST` other than loopback needs `AUTH_ENABLED=true`. `REDIS_URL` "
        "serves as `BROKER_URL` where that is empty.",
        "- **Mistakes.** All faults are listed at once, each with where its value came from, and "
        "the exit code is 2. `oneoff config check` looks without starting anything; "
        "`oneoff config` shows every value in force, with passwords masked.",
        "- `ONEOFF_VENV` is read by the launcher alone: the folder of its virtual environment "
        "(default: `.venv` in the checkout).",
    )


def _names(names: Any) -> str:
    return ", ".join(f"`{name.upper()}`" for name in sorted(names))


# The command line


def cli_page() -> str:
    """Return the page of commands."""
    texts = [_help(context) for context in _commands(click.Context(cli, info_name="oneoff"))]
    codes = [(f"`{code}`", text) for code, text in explanations.EXIT_CODES.items()]
    return page(
        "Command line",
        "From a checkout the command is `./oneoff`. The first start sets up its own virtual "
        "environment; `./oneoff --set-up` does only that.",
        *texts,
        "## Exit codes",
        table(("Code", "Meaning"), *codes),
        "`oneoff jobs run --wait` and `--follow` leave with the exit code of the job instead.",
    )


def _commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None  # noqa: S101 - it is listed
            yield from _commands(click.Context(command, info_name=name, parent=context))


def _help(context: click.Context) -> str:
    context.terminal_width = 88
    context.help_option_names = ["-h", "--help"]
    return f"## {context.command_path}\n\n```text\n{context.get_help()}\n```"


# States


def diagram() -> str:
    """Return the state diagram for Mermaid."""
    return f"```mermaid\n{state.diagram()}\n```"


def states_page() -> str:
    """Return the page of statuses."""
    statuses = [
        (f"`{status}`", explanations.STATUSES[status], "yes" if status in state.FINAL else "")
        for status in state.STATUSES
    ]
    aliases = [
        (f"`{word}`", ", ".join(f"`{s}`" for s in meant)) for word, meant in state.ALIASES.items()
    ]
    return page(
        "States of an execution",
        table(("Status", "What it says", "Final"), *statuses),
        "## Moves",
        "There are no other moves. One table in the code lists them, and one package of the code "
        "is allowed to write a status.",
        diagram(),
        "## Words understood in filters",
        "`GET /api/executions?status=…` takes every status, and these words as well.",
        table(("Word", "Stands for"), *aliases),
    )


# Metrics


def metrics_page() -> str:
    """Return the page of metrics, as a fresh installation shows them."""
    rows = []
    for family in sorted(_families(), key=lambda family: str(family.name)):
        labels = sorted({label for s in family.samples for label in s.labels} - {"le"})
        name = family.name + ("_total" if family.type == "counter" else "")
        shown = ", ".join(f"`{label}`" for label in labels)
        rows.append((f"`{name}`", family.type, shown, family.documentation))
    return page(
        "Metrics",
        "`GET /metrics` answers in the text format of Prometheus. Figures of jobs, queues and "
        "workers come from the database, so every API process gives the same answer. The families "
        "`oneoff_http_…`, `oneoff_uptime_seconds` and `oneoff_build_info` speak of the process "
        "that answers, and so does that of API keys. That of webhooks stays at 0 in this release. "
        "`METRICS_ENABLED=false` switches the address off.",
        table(("Name", "Type", "Labels", "What it is"), *rows),
    )


def _families() -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        db.configure(f"sqlite:///{folder}/metrics.db")
        apply.upgrade(db.engine())
        metrics.observe_request("GET", "/api/jobs", 200, 0.0)
        text = metrics.exposition().decode()
        db.forget_engines()
    return list(text_string_to_metric_families(text))


# Errors


def errors_page() -> str:
    """Return the page of errors: of the API, and of executions."""
    failures = [(f"`{code}`", failure.meaning) for code, failure in _failures()]
    return page(
        "Errors",
        "## Answers of the API",
        'Every error is JSON: `{"error": text, "code": CODE, "details": …, "trace_id": …}`. A '
        "client that accepts `application/problem+json` gets the same in the form of RFC 9457.",
        table(("HTTP", "Code", "Meaning"), *_api_codes()),
        "The details of a `VALIDATION_ERROR` list every fault with its field, such as "
        "`config.url`. The `trace_id` is also in the logs of the API.",
        "## Executions: `error_code`",
        "An execution that did not succeed says why, in words (`error`) and by code "
        "(`error_code`). What helps in each case: [Operations](../operations.md#troubleshooting).",
        table(("Code", "Meaning"), *failures),
    )


def _api_codes() -> Iterator[tuple[str, str, str]]:
    last = (500, ("INTERNAL_ERROR", "something went wrong; the logs tell by `trace_id`"))
    for number, (code, text) in sorted([*errors.CODES.items(), last]):
        if number != _UNPROCESSABLE:  # answered as 400
            yield str(number), f"`{code}`", text[0].upper() + text[1:] + "."


def troubleshooting() -> str:
    """Return the table of what helps, by error code."""
    rows = [(f"`{code}`", failure.meaning, failure.remedy) for code, failure in _failures()]
    return table(("`error_code`", "What happened", "What to do"), *rows)


def _failures() -> list[tuple[str, explanations.Failure]]:
    """Return all codes. Raises :class:`SystemExit` unless the code and the words agree."""
    if odd := error_codes.found() ^ explanations.FAILURES.keys():
        raise SystemExit(f"explain in docs/explanations.py, or forget there: {sorted(odd)}")
    return sorted(explanations.FAILURES.items())


# Permissions


# Writing


PAGES: dict[str, Callable[[], str]] = {
    "settings": settings_page,
    "cli": cli_page,
    "states": states_page,
    "metrics": metrics_page,
    "errors": errors_page,
    "permissions": permissions_page,
    "aliases": aliases_page,
    "access": access_page,
}
SECTIONS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "states": diagram,
    "troubleshooting": troubleshooting,
}


def fresh() -> Iterator[tuple[Path, str]]:
    """Yield every generated file, whole or in part, with the text it should have."""
    for name, make in PAGES.items():
        yield DOCS / "reference" / f"{name}.md", make()
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text()
        if _SECTION.search(text):
            yield path, _SECTION.sub(lambda m: f"{m[1]}\n{SECTIONS[m[2]]()}\n\n{m[3]}", text)


def main(args: list[str]) -> int:
    """Write what is stale, or only name it; return the exit code."""
    stale = [(p, text) for p, text in fresh() if not p.exists() or p.read_text() != text]
    for path, text in stale:
        click.echo(f"stale: {path.relative_to(ROOT)}" if args else f"{path.relative_to(ROOT)}")
        if not args:
            path.write_text(text)
    return 1 if args and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
