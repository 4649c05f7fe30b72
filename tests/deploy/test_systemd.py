"""The unit for systemd: accepted by its checker, and in keeping with the settings."""

import shutil
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings
from tests.architecture.source import ROOT
from tests.support.servers import missing

UNIT = ROOT / "deploy" / "systemd" / "oneoff.service"


def _value(name: str) -> str:
    (line,) = [li for li in UNIT.read_text().splitlines() if li.startswith(f"{name}=")]
    return line.partition("=")[2]


def test_the_checker_of_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        missing("systemd-analyze (Debian: apt-get install systemd)")
    # The checker wants the program to exist; /opt may hold none here.
    text = UNIT.read_text().replace("ExecStart=/opt/oneoff/oneoff", f"ExecStart={ROOT}/oneoff")
    (tmp_path / UNIT.name).write_text(text)
    command = [str(checker), "verify", "--man=no", str(tmp_path / UNIT.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_a_stop_may_take_longer_than_running_jobs_get() -> None:
    grace = Settings.model_fields["shutdown_grace_seconds"].default
    assert int(_value("TimeoutStopSec")) > grace + 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("KillMode", "mixed"),
        ("Restart", "on-failure"),
        ("NoNewPrivileges", "true"),
        ("StateDirectory", "oneoff"),
        ("Environment", "DATA_DIR=/var/lib/oneoff"),
    ],
)
def test_what_the_product_relies_on_is_there(name: str, value: str) -> None:
    assert _value(name) == value
