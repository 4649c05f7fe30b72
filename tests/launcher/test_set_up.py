"""The launcher sets a small checkout up, for real: environment, pip, a package, the product."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.launcher.conftest import write_lock

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def start(checkout: Path, environment: dict[str, str], *args: str) -> subprocess.Popen[str]:
    """Start the launcher from another folder."""
    return subprocess.Popen(
        [sys.executable, checkout / "oneoff", *args],
        env=environment,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def version_of_tiny(checkout: Path) -> str:
    """Return which version of the tiny package is installed, asked through its own script."""
    python = checkout / ".venv" / "bin" / "python"
    code = "import app.cli, tiny; print(tiny.VERSION)"
    return subprocess.run(
        [python, "-c", code], cwd="/", capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_checkout_is_set_up_used_updated_and_moved(checkout, environment):
    # Two starts at once: one sets up, the other waits; both run the product with its arguments.
    both = [start(checkout, environment, "x", "y z") for _ in range(2)]
    ends = [(*process.communicate(), process.returncode) for process in both]
    assert [(out, code) for out, _, code in ends] == [("/ ['x', 'y z']\n", 2)] * 2
    words = "".join(errors for _, errors, _ in ends)
    assert words.count("setting up in") == words.count("waiting for it") == 1
    assert words.count("oneoff: set up in") == 1
    assert version_of_tiny(checkout) == "1.0"
    assert not (checkout / ".venv.unfinished").exists()

    # A warm start says nothing and loads nothing of what setting up needs.
    command = [sys.executable, "-X", "importtime", checkout / "oneoff"]
    warm = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert not re.search(r"oneoff:|\b(subprocess|venv|shutil|hashlib|pathlib)\b", warm.stderr)

    # A new lock is installed into the same environment.
    write_lock(checkout, "2.0")
    update = start(checkout, environment)
    assert update.communicate()[0] == "/ []\n"
    assert version_of_tiny(checkout) == "2.0"

    # A moved checkout is mended in place, its scripts too.
    moved = checkout.with_name("moved here")
    checkout.rename(moved)
    process = start(moved, environment)
    assert process.communicate()[0] == "/ []\n"
    assert version_of_tiny(moved) == "2.0"
    script = (moved / ".venv" / "bin" / "tiny").read_text()
    assert str(moved) in script
    assert f"{checkout}/" not in script


def test_a_set_up_that_was_killed_is_begun_anew(checkout, environment):
    first = start(checkout, environment)
    mark = checkout / ".venv.unfinished"
    while not mark.exists():
        time.sleep(0.001)
    time.sleep(0.3)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert mark.exists()
    (checkout / ".venv" / "rubbish").touch()
    second = start(checkout, environment)
    assert second.communicate()[0] == "/ []\n"
    assert not (checkout / ".venv" / "rubbish").exists()
    assert not mark.exists()


def test_signals_reach_the_product_itself(checkout, environment):
    (checkout / "app" / "cli" / "__main__.py").write_text(
        "import time; print(1, flush=True); time.sleep(60)\n"
    )
    process = start(checkout, environment)
    assert process.stdout
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM


def test_an_unreachable_index_is_told_in_one_line(checkout, environment):
    lock = checkout / "requirements" / "base.txt"
    lock.write_text(lock.read_text().split("\n")[2] + "\n")
    process = start(checkout, environment | {"PIP_RETRIES": "0"})
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "HTTPS_PROXY=" in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_the_environment_may_lie_elsewhere(checkout, environment, tmp_path):
    elsewhere = environment | {"ONEOFF_VENV": str(tmp_path / "far" / "away")}
    process = start(checkout, elsewhere, "--set-up")
    assert process.communicate()[0] == ""
    assert process.returncode == 0
    assert (tmp_path / "far" / "away" / "bin" / "tiny").exists()
    assert not (checkout / ".venv").exists()
