"""The docs say what is so: generated pages are fresh, links lead somewhere, commands exist."""

import re
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from app.cli.root import cli
from app.domain.specs import SPECS, Spec
from app.settings import Settings
from tests.architecture.source import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
WORDS = [
    p
    for f in ("docs", "examples")
    for p in (ROOT / f).rglob("*.*")
    if p.suffix not in {".pyc", ".webp"}
]
#: Commands of the launcher itself.
LAUNCHER = {"--set-up"}
#: Variables that the launcher reads, and that name the file of settings.
LAUNCHED = {"ONEOFF_VENV", "ONEOFF_CONFIG"}
#: Variables that only commands read which ask a running server.
CLIENT = {"ONEOFF_URL", "ONEOFF_API_KEY"}
#: What means something to one person or one machine only.
PRIVATE = re.compile(r"(?<![\w.:/])/(home|mnt|root|Users|work)/|\b[A-Z]-\d{2,3}\b")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
_COMMAND = re.compile(r"(?<![\w/=.-])(?:\./)?oneoff((?:[ \t]+[^\s`|&;()#]+)*)")
_GIVEN = re.compile(r"\b([A-Z_]{3,})=\S+ (?:\./)?oneoff")
_METRIC = re.compile(r"\boneoff_[a-z_]+")
_DERIVED = re.compile(r"_(bucket|count|sum)$")


def test_generated_pages_are_fresh():
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run: python docs/generate.py\n{done.stdout}{done.stderr}"


def anchors(path: Path) -> set[str]:
    """Return the names under which the headings of a page can be linked to."""
    text = _FENCE.sub("", path.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def broken_links(path: Path) -> Iterator[str]:
    """Yield the links of a page that lead to no file or no heading of ours."""
    for target, anchor in _LINK.findall(_FENCE.sub("", path.read_text())):
        there = path.parent / target if target else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield f"{path.relative_to(ROOT)}: {target}#{anchor}"


def test_links_lead_somewhere():
    assert [broken for path in PAGES for broken in broken_links(path)] == []


def commands(path: Path) -> list[list[str]]:
    """Return the words that follow ``oneoff`` in the commands of a page."""
    text = path.read_text()
    blocks = [body for kind, body in _FENCE.findall(text) if kind == "sh"]
    inline = re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    return [found.split() for code in (*blocks, *inline) for found in _COMMAND.findall(code)]


def unknown_word(words: list[str], command: click.Command = cli) -> str | None:
    """Return the first word that is neither a command nor an option; ``None`` if all are known."""
    params = command.params
    known = {name for one in params for name in (*one.opts, *one.secondary_opts)}
    for index, word in enumerate(words):
        if word.startswith("-"):
            if word.partition("=")[0] not in known | {"--help", "-h"} | LAUNCHER:
                return word
        elif isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), word)
            return unknown_word(words[index + 1 :], inner) if inner else word
    return None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_in_the_docs_exist(path):
    assert [words for words in commands(path) if unknown_word(words)] == []


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("", None),
        ("worker --queues a,b --concurrency 4", None),
        ("config check", None),
        ("--set-up dev", "dev"),
        ("flowers", "flowers"),
        ("api --workers 4", "--workers"),
        ("config chek", "chek"),
        ("jobs create --name x --script y", None),
        ("jobs creat", "creat"),
    ],
)
def test_a_command_that_does_not_exist_is_found(words, unknown):
    assert unknown_word(words.split()) == unknown


def test_settings_given_to_commands_exist():
    known = {name.upper() for name in Settings.model_fields} | LAUNCHED | CLIENT
    given = {name for path in PAGES for name in _GIVEN.findall(path.read_text())}
    assert {name.removesuffix("_FILE") for name in given} <= known


def test_metrics_in_the_docs_exist():
    known = set(_METRIC.findall((ROOT / "docs/reference/metrics.md").read_text()))
    named = _METRIC.findall((ROOT / "docs/operations.md").read_text())
    assert {_DERIVED.sub("", name) for name in named} <= known


def test_every_decision_is_listed():
    folder = ROOT / "docs/adr"
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text()))
    assert {path.name for path in folder.glob("[0-9]*.md")} == listed


def test_nothing_speaks_of_one_machine_or_in_private_marks():
    found = [
        f"{path.relative_to(ROOT)}: {mark[0]}"
        for path in {*PAGES, *WORDS}
        for mark in PRIVATE.finditer(path.read_text())
    ]
    assert found == []


def test_the_executor_that_the_docs_teach_works(monkeypatch):
    page = (ROOT / "docs/howto/add-an-executor.md").read_text()
    spec_code, executor_code = (body for kind, body in _FENCE.findall(page) if kind == "python")
    module = types.ModuleType("app.domain.specs.wait")
    exec(spec_code, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    names: dict[str, Any] = {"__name__": "workers.executors.wait"}
    exec(executor_code, names)
    assert issubclass(module.WaitSpec, Spec)
    assert module.WaitSpec.kind not in SPECS, "the docs teach a kind that exists; choose another"
    executor = names["WaitExecutor"](None)
    assert executor.perform(module.WaitSpec(seconds=0), waiting()).verdict == "completed"
    late = executor.perform(module.WaitSpec(seconds=60), waiting(deadline=time.monotonic()))
    assert late.verdict == "timeout"
    for reason, verdict in (("cancel", "cancelled"), ("shutdown", "failed"), ("fenced", "failed")):
        outcome = executor.perform(module.WaitSpec(seconds=60), waiting(reason=reason))
        assert outcome.verdict == verdict


def waiting(deadline=None, reason=None):
    """Return what the executor that the docs teach needs of a context."""
    output = SimpleNamespace(write=lambda stream, data: None)
    stop = SimpleNamespace(reason=reason, wait=lambda seconds: reason is not None)
    return SimpleNamespace(deadline=deadline, output=output, stop=stop)
