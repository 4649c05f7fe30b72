"""What Lighthouse says of the pages that are opened most, built as users get them."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from requirements import page as building
from requirements.tools import CannotSetUp
from tests.browser.company import Company
from tests.browser.visitor import Visitor, program_of_chromium
from tests.end_to_end.product import Product
from tests.support.servers import missing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

#: It has packages of its own, so that nobody who only builds the page fetches them.
TOOL = Path(__file__).with_name("lighthouse")
LEAST = {"accessibility": 1.0, "best-practices": 0.95}
#: Printed only: what a busy machine measures says little about the page.
TOLD = "performance"
QUICK = [f"--only-categories={','.join(LEAST)}", "--throttling-method=provided"]


@pytest.fixture(scope="session")
def node() -> building.Node:
    """Node, with Lighthouse as its lock file names it."""
    try:
        found = building.find_node(sys.prefix) or building.fetch_node(sys.prefix)
        building.get_packages(str(TOOL), sys.prefix, found)
    except CannotSetUp as problem:
        missing(f"Lighthouse ({problem})")
    return found


def judge(
    node: building.Node, url: str, cookie: str, folder: Path, *, measured: bool
) -> dict[str, Any]:
    """Have Lighthouse open a page with a cookie; return its report."""
    (folder / "headers.json").write_text(json.dumps({"Cookie": cookie}))
    pace = [f"--only-categories={','.join([*LEAST, TOLD])}"] if measured else QUICK
    command: list[str | Path] = [
        f"{node.folder}/node",
        TOOL / "node_modules" / "lighthouse" / "cli" / "index.js",
        url,
        "--quiet",
        "--output=json",
        f"--output-path={folder / 'report.json'}",
        *pace,
        f"--extra-headers={folder / 'headers.json'}",
        "--preset=desktop",
        # What is live never falls silent.
        "--max-wait-for-load=6000",
        "--no-enable-error-reporting",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage",
    ]
    environ = os.environ | {"CHROME_PATH": program_of_chromium()}
    for _ in range(2):  # on a busy machine it loses its own browser now and then
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


def complaints(report: dict[str, Any]) -> list[str]:
    """Return what fails in the categories that count."""
    wanted = {a["id"] for name in LEAST for a in report["categories"][name]["auditRefs"]}
    failed = (report["audits"][name] for name in wanted)
    return [f"{a['id']}: {a['title']}" for a in failed if a["score"] not in {None, 1}]


def test_lighthouse_is_content(
    node: building.Node, browser: Browser, guarded: Product, admin: Any, tmp_path: Path, figure: Any
):
    company = Company(guarded, admin)
    company.settle()
    somebody = Visitor(browser, guarded)
    cookies = somebody.open("/overview", as_whom="admin").context.cookies()
    somebody.close()
    signed_in = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
    execution = f"/executions/{company.newest('invoice-export')['id']}"

    def judged(place: str, *, measured: bool = False) -> None:
        cookie = "" if place == "/login" else signed_in
        url = f"http://localhost:{guarded.port}{place}"
        folder = tmp_path / place.replace("/", "-")
        folder.mkdir()
        report = judge(node, url, cookie, folder, measured=measured)
        assert report["finalDisplayedUrl"] == url
        scores = {name: found["score"] for name, found in report["categories"].items()}
        if measured:
            figure(f"Lighthouse gives {place} {scores[TOLD] * 100:.0f} for {TOLD}")
        too_low = {name for name, least in LEAST.items() if scores[name] < least}
        assert too_low == set(), (place, scores, complaints(report))

    judged("/overview", measured=True)
    # They wait most of their time.
    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(judged, ("/jobs", execution, "/login")))
