"""The launcher's decisions, without setting anything up."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from requirements import tools
from tests.launcher.conftest import ROOT

#: Runs the launcher as if by an old Python.
AS_OLD = """
import sys
sys.version_info = (3, 9, 2)
sys.argv = [{path!r}, "version", "a b"]
source = open({path!r}).read()
exec(compile(source, {path!r}, "exec"), {{"__name__": "__main__", "__file__": {path!r}}})
"""


def write_tool(folder: Path, name: str, script: str) -> None:
    """Put an executable on a path of its own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def run_as_old(checkout: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    """Run the launcher in a Python that is too old, with nothing but some tools on the path."""
    code = AS_OLD.format(path=str(checkout / "oneoff"))
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def finished(launcher):
    """Return the launcher of a checkout whose environment looks complete."""
    Path(launcher.PYTHON).parent.mkdir(parents=True)
    Path(launcher.PYTHON).symlink_to(sys.executable)
    (Path(launcher.VENV) / "pyvenv.cfg").write_text(f"command = venv {launcher.VENV}\n")
    (Path(launcher.VENV) / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    launcher.finish({"base"})
    return launcher


@pytest.mark.parametrize("name", ["oneoff", "requirements/page_sources.py"])
def test_an_old_python_can_read_what_each_start_runs(name):
    ast.parse((ROOT / name).read_text(), feature_version=(3, 6))


def test_an_old_python_names_the_command_that_gets_a_new_one(checkout, tmp_path):
    write_tool(tmp_path / "tools", "dnf", "")
    done = run_as_old(checkout, tmp_path / "tools")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.9.2" in done.stderr
    assert done.stderr.endswith("dnf install -y python3.11\n")


def test_an_old_python_hands_over_to_a_newer_one(checkout, tmp_path):
    write_tool(tmp_path / "tools", "python3.13", "exit 127")
    write_tool(tmp_path / "tools", "python3.12", 'if [ "$1" != -c ]; then echo "$0" "$@"; fi')
    done = run_as_old(checkout, tmp_path / "tools")
    assert done.stdout == f"{tmp_path}/tools/python3.12 {checkout}/oneoff version a b\n"


def test_a_missing_environment_is_not_ready(launcher):
    assert not launcher.is_ready("base")


def test_a_complete_environment_is_ready(finished):
    assert finished.is_ready("base")


def test_another_lock_makes_it_unready(finished, checkout):
    with (checkout / "requirements" / "base.txt").open("a") as lock:
        lock.write("more==1\n")
    assert not finished.is_ready("base")


def test_another_place_makes_it_unready(finished, monkeypatch):
    monkeypatch.setattr(finished, "HOME", "/elsewhere")
    assert not finished.is_ready("base")


def test_another_python_makes_it_unready_and_not_worth_keeping(finished, tmp_path):
    Path(finished.PYTHON).unlink()
    (tmp_path / "python3.12").symlink_to(sys.executable)
    Path(finished.PYTHON).write_bytes(b"")
    assert not finished.is_ready("base")
    assert not finished.can_keep(finished.read(finished.stamp_of("base")).partition(b"\n\n")[0])


def test_what_is_unfinished_is_not_kept(finished):
    Path(finished.UNFINISHED).touch()
    assert not finished.can_keep(b"python x")


def test_an_environment_made_by_other_tools_is_kept(finished):
    Path(finished.stamp_of("base")).unlink()
    assert finished.can_keep(b"")


def test_a_folder_with_something_else_is_refused(launcher):
    Path(launcher.VENV).mkdir()
    (Path(launcher.VENV) / "thesis.txt").touch()
    with pytest.raises(launcher.CannotSetUp, match=r"mv .*\.venv .*\.venv\.old"):
        launcher.can_keep(b"")


def test_an_empty_folder_is_taken(launcher):
    Path(launcher.VENV).mkdir()
    assert not launcher.can_keep(b"")


def test_too_little_space_is_told_before_anything_is_made(launcher, monkeypatch):
    usage = type("Usage", (), {"free": 5_000_000})
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(
        launcher.CannotSetUp, match=r"300 MB are needed, 5 are free; look at: df -h"
    ):
        launcher.make_environment()


def test_an_unknown_set_of_packages_is_refused(launcher):
    with pytest.raises(launcher.CannotSetUp, match=r"there is no .*nonsense\.txt"):
        launcher.set_up("nonsense")


@pytest.mark.parametrize(
    ("word", "help_"),
    [
        ("ERROR: [Errno 28] No space left on device", "df -h"),
        (
            "WARNING: connection broken by NewConnectionError('…')\nERROR: No matching",
            "HTTPS_PROXY=",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'", "PIP_CERT="),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE", "less "),
        ("ERROR: [Errno 13] Permission denied: '/x'", "ls -ld"),
        ("Collecting x\nERROR: something nobody foresaw\n", "something nobody foresaw"),
    ],
)
def test_what_pip_says_becomes_one_line_with_what_helps(word, help_):
    line = tools.explain("pip", word.split("\n"), tools.CAUSES, "/venv")
    assert help_ in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("tool", "command"),
    [("apt-get", "apt-get update && {0}apt-get install -y x"), ("brew", "brew install x")],
)
def test_the_command_to_install_is_the_systems_own(launcher, monkeypatch, tmp_path, tool, command):
    write_tool(tmp_path / "tools", tool, "")
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    sudo = "" if os.geteuid() == 0 or tool == "brew" else "sudo "
    assert launcher.command_to_install("x") == sudo + command.format(sudo)


def test_a_folder_that_cannot_be_written_is_told_in_one_line(checkout, environment):
    where = environment | {"ONEOFF_VENV": "/proc/nobody/.venv"}
    command = [sys.executable, checkout / "oneoff"]
    done = subprocess.run(command, env=where, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ONEOFF_VENV=" in done.stderr
