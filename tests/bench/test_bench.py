"""The harness of the measurements works; what it finds is not judged here."""

import json
import subprocess
import sys

import pytest

from bench.table import Row, percentile, show
from tests.architecture.source import ROOT


def test_a_quick_figure_is_measured_and_written(tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "P-15", "--quick", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "| P-15 |" in done.stdout, done.stderr
    (figure,) = json.loads(file.read_text())
    assert figure["id"] == "P-15"
    assert 0 < figure["rival"] < 1000


def test_an_unknown_figure_is_refused():
    command = [sys.executable, "-m", "bench", "P-99"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "P-99" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("P-1", "x", "-", 100, "/s", 0.75, 1, 100, is_ratio=True), "goal met"),
        (Row("P-1", "x", "-", 80, "/s", 0.75, 1, 100, is_ratio=True), "floor met"),
        (Row("P-1", "x", "-", 70, "/s", 0.75, 1, 100, is_ratio=True), "below floor"),
        (Row("P-6", "x", "-", 15, "ms", 50, 15), "goal met"),
        (Row("P-6", "x", "-", 50, "ms", 50, 15), "floor met"),
        (Row("P-6", "x", "-", 51, "ms", 50, 15, 4), "below floor"),
    ],
)
def test_a_figure_is_judged_by_floor_and_goal(row, verdict):
    assert row.verdict == verdict
    assert verdict in show([row])


def test_percentiles():
    assert [percentile([3, 1, 2], p) for p in (0, 50, 99, 100)] == [1, 2, 3, 3]
