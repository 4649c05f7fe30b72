"""The harness of the measurements works; what it finds is not judged here."""

import json
import os
import subprocess
import sys
from urllib.parse import parse_qs

import pytest

from app.api.schemas.executions import ExecutionQuery
from app.api.schemas.many.job_lists import JobQuery
from bench import list_queries, page
from bench.__main__ import GROUPS
from bench.history import Labels
from bench.table import Row, percentile, read_json, show, write_json
from tests.architecture.source import ROOT


def test_a_quick_figure_is_measured_and_written(tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "15", "--quick", "--json", str(file)]
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


@pytest.mark.parametrize(
    ("path", "schema"), [("/api/jobs", JobQuery), ("/api/executions", ExecutionQuery)]
)
def test_every_documented_filter_and_order_of_a_list_is_measured(path, schema):
    queries = list_queries.every(Labels("p1", "p2", "t1", "t2"), "j")[path]
    asked = {name for query in queries for name in parse_qs(query)}
    assert asked >= schema().fields.keys() - {"offset", "cursor"}
    orders = {order for query in queries for order in parse_qs(query).get("sort_by", ())}
    assert orders == set(schema().fields["sort_by"].words)


def test_the_page_shows_the_figures_and_where_they_come_from():
    row = Row("P-1", "no-op", "sqlite", 80, "/s", 0.75, 1, 100, is_ratio=True)
    text = page.text([row], ["Machine: 2 cores"])
    assert "| 1  | no-op |" in text
    assert "- Machine: 2 cores\n" in text
    assert all(f"**{word}**" in text for word in ("rival", "ours", "floor", "verdict"))


def test_figures_are_read_as_they_were_written(tmp_path):
    rows = [
        Row("P-1", "no-op", "sqlite", 500.0, "/s", 0.75, 1.0, 1000.0, is_ratio=True),
        Row("P-9", "restart", "postgresql", 1.5, "s", 5, 1, note="(reckoned)"),
    ]
    write_json(rows, tmp_path / "part.json")
    assert read_json(tmp_path / "part.json") == rows


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--with", "part.json"], "--with is for the page"),
        (["--page", "--with", "part.json"], "there is no file part.json"),
    ],
)
def test_parts_are_for_the_page_and_there(tmp_path, given, said):
    command = [sys.executable, "-m", "bench", "P-15", *given]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr


def test_the_page_is_of_all_figures():
    command = [sys.executable, "-m", "bench", "P-15", "--page"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "name none" in done.stderr) == (2, True)


def test_every_figure_has_a_measurement():
    measured = {figure for group in GROUPS for figure in group.ids}
    assert measured == {f"P-{number}" for number in range(1, 24)}
