"""``oneoff health ROLE``: whether a process that has no port does its work."""

import os
import time

import pytest

from app.gateways import pulse

LANES = ("run", "dispatch", "auxiliary")


@pytest.mark.parametrize(
    ("alive", "role", "code", "words"),
    [
        (LANES, "worker", 0, "worker: at work"),
        (LANES[:2], "worker", 1, "auxiliary: no sign of life yet"),
        (("run",), "run", 0, "run: at work"),
        ((), "beat", 1, "beat: no sign of life yet"),
        (("beat",), "beat", 0, "beat: at work"),
    ],
)
def test_signs_of_life_are_read(offline, tmp_path, alive, role, code, words):
    for name in alive:
        pulse.give(tmp_path, name)
    done = offline("health", role, DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (code, f"{words}\n", "")


def test_who_has_been_silent_is_named_with_the_time(offline, tmp_path):
    pulse.give(tmp_path, "beat")
    long_ago = time.time() - 100
    os.utime(tmp_path / "alive" / "beat", (long_ago, long_ago))
    done = offline("health", "beat", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("beat: silent for 10")


def test_a_role_that_does_not_exist_is_refused(offline):
    done = offline("health", "nobody")
    assert done.returncode == 2
    assert "worker" in done.stderr


@pytest.mark.parametrize("role", [[], ["api"]])
def test_an_api_that_is_not_there_is_said(offline, role):
    done = offline("health", *role, PORT="1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "nothing answers at http://localhost:1" in done.stderr
