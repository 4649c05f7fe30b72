"""The sources of the page: types, style, their own tests, and how much a browser has to fetch."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.openapi import document
from requirements import page, page_sources
from requirements.tools import CannotSetUp
from tests.architecture.source import ROOT
from tests.support.servers import missing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

FRONTEND = ROOT / "frontend"
FIRST_LOAD_BYTES = 250_000
PAGE_BYTES = 60_000


@pytest.fixture(scope="session")
def node() -> page.Node:
    """Node, with the packages that the page's lock file names."""
    try:
        found = page.find_node(sys.prefix) or page.fetch_node(sys.prefix)
        page.get_packages(str(FRONTEND), sys.prefix, found)
    except CannotSetUp as problem:
        missing(f"Node with the page's packages ({problem})")
    return found


def run(node: page.Node, *command: str | Path) -> None:
    """Run a tool of the page's packages; fail with its words."""
    path = f"{FRONTEND / 'node_modules' / '.bin'}:{node.folder}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=FRONTEND,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"


@pytest.fixture(scope="session")
def built(node: page.Node) -> Path:
    """The folder of the page, built from the present sources."""
    page.build_if_due(str(ROOT), sys.prefix, again=True)
    assert not page_sources.is_due(str(ROOT), sys.prefix, again=True), "the page can't be built"
    return Path(page_sources.page_of(str(ROOT)))


def test_types(node):
    run(node, "vue-tsc", "--noEmit")


def test_style(node):
    run(node, "eslint", ".", "--max-warnings", "0")


def test_its_own_tests(node):
    run(node, "vitest", "run")


def test_the_types_of_the_api_are_those_of_its_document(node, tmp_path):
    (tmp_path / "openapi.json").write_text(json.dumps(document(), indent=1, sort_keys=True))
    fresh = tmp_path / "schema.d.ts"
    run(node, "openapi-typescript", tmp_path / "openapi.json", "-o", fresh)
    is_same = fresh.read_text() == (FRONTEND / "src" / "api" / "schema.d.ts").read_text()
    # A long text: pytest would take minutes to show where they differ.
    assert is_same, "stale: python docs/openapi.py > frontend/openapi.json, then npm run schema"


def compressed(path: Path) -> int:
    """Return how many bytes of a file go over the wire."""
    return len(gzip.compress(path.read_bytes(), 9))


def test_the_first_load_is_small(built, figure):
    html = (built / "index.html").read_text()
    scripts = set(re.findall(r'(?:src|href)="/([^"]+\.js)"', html))
    assert any(name.startswith("assets/index-") for name in scripts)
    total = sum(compressed(built / name) for name in scripts)
    figure(f"first load of the page: {total / 1000:.0f} kB of script (gzip)")
    assert total <= FIRST_LOAD_BYTES


def test_no_single_page_is_large(built):
    pages = {path.name: compressed(path) for path in (built / "assets").glob("*Page-*.js")}
    assert pages
    assert {name: size for name, size in pages.items() if size > PAGE_BYTES} == {}


def test_it_keeps_to_the_policy_of_the_page(built):
    html = (built / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == []
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert addresses
    assert [address for address in addresses if not re.match("/(?!/)", address)] == []


def test_all_text_is_there_compressed(built):
    texts = [path for path in built.rglob("*") if path.suffix in {".html", ".js", ".css", ".svg"}]
    large = [path for path in texts if path.stat().st_size >= 1024]
    assert large
    for path in large:
        assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == path.read_bytes()
        assert Path(f"{path}.br").stat().st_size < path.stat().st_size
