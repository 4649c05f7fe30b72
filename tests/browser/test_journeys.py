"""One working day in the page: jobs of each type, their logs, chains, webhooks, dead letters."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import CANCEL, Visitor
from tests.end_to_end.product import Product, running, until
from tests.support.docker_engine import IMAGE, DockerEngine
from tests.support.http_target import HttpTarget, answer
from tests.workers.executors.kit_claude import STAND_IN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

MODULE = "def greet(name):\n    print('good day')\n    return {'greeted': name}\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with something to run for each type of job but docker."""
    folder = tmp_path_factory.mktemp("journeys")
    (folder / "claude").write_text(STAND_IN)
    (folder / "claude").chmod(0o755)
    (folder / "shop_reports.py").write_text(MODULE)
    with running(
        folder / "home",
        CLAUDE_COMMAND=str(folder / "claude"),
        PYTHON_ALLOW="shop_reports",
        PYTHONPATH=str(folder),
    ) as started:
        yield started


@pytest.fixture(scope="module")
def target() -> Iterator[HttpTarget]:
    """A web server that the product calls."""
    with HttpTarget() as server:
        yield server


def write(page: Page, label: str, text: str) -> None:
    """Type into a field of code."""
    page.get_by_role("textbox", name=label, exact=True).click()
    page.keyboard.insert_text(text)


def begin(page: Page, kind: str, name: str) -> None:
    """Begin a new job of a type in the editor."""
    page.get_by_role("group", name="Type").get_by_role("button", name=re.compile(kind)).click()
    page.get_by_label("Name", exact=True).fill(name)


def save_and_see(page: Page, *texts: str) -> None:
    """Save a new job that runs at once; see that its first execution went well and says this."""
    page.keyboard.press("Control+s")
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f]{32}$"))
    first = page.get_by_role("row").filter(has_text="#1")
    expect(first.get_by_text("Completed")).to_be_visible()
    first.get_by_role("link", name="#1").click()
    expect(page).to_have_url(re.compile("/executions/"))
    for text in texts:
        expect(page.get_by_role("log").get_by_text(text, exact=True)).to_be_visible()


def test_a_shell_job(visitor: Visitor):
    page = visitor.open("/jobs/new")
    begin(page, "Shell script", "stock-sync")
    write(page, "Script", 'echo "for $SHOP"; echo careful >&2')
    page.get_by_role("group", name="Environment").get_by_role("button", name="Add").click()
    page.get_by_role("textbox", name="Name", exact=True).last.fill("SHOP")
    page.get_by_role("textbox", name="Value SHOP").fill("hanoi")
    save_and_see(page, "for hanoi", "careful")


def test_an_http_job(visitor: Visitor, target: HttpTarget):
    url = target.serve(answer(200, b"stock is up to date"))
    page = visitor.open("/jobs/new")
    begin(page, "HTTP request", "stock-api-ping")
    page.get_by_role("textbox", name="URL").fill(url)
    page.get_by_label("Method").select_option("POST")
    save_and_see(page, "stock is up to date")
    assert target.seen[-1].method == "POST"


def test_a_claude_job(visitor: Visitor):
    page = visitor.open("/jobs/new")
    begin(page, "Claude prompt", "release-notes")
    write(page, "Prompt", "echo three things have changed")
    save_and_see(page, "three things have changed")


def test_a_python_job(visitor: Visitor):
    page = visitor.open("/jobs/new")
    begin(page, "Python callable", "greeting")
    page.get_by_label("Callable").fill("shop_reports:greet")
    page.get_by_label("Arguments", exact=True).fill('["Lan"]')
    save_and_see(page, "good day")


@pytest.mark.docker
@pytest.mark.skipif(not shutil.which("dockerd"), reason="a Docker engine is missing")
def test_a_docker_job(browser, tmp_path, docker_engine: DockerEngine):
    with running(tmp_path / "home", DOCKER_HOST=docker_engine.host) as product:
        visitor = Visitor(browser, product)
        page = visitor.open("/jobs/new")
        begin(page, "Docker container", "image-audit")
        page.get_by_label("Image", exact=True).fill(IMAGE)
        page.get_by_label("Command", exact=True).fill("echo\nfrom a container")
        save_and_see(page, "from a container")
        assert visitor.unforgiven() == []
        visitor.close()


def slow(product: Product, name: str, **more: Any) -> dict[str, Any]:
    """Make a job that prints a line now and then, and begins at once."""
    return product.create("i=0; while :; do i=$((i+1)); echo line $i; sleep .3; done", name=name)


def test_a_log_is_watched_then_cancelled_and_run_again(visitor: Visitor, product: Product):
    job = slow(product, "image-thumbnails")
    page = visitor.open("/executions?q=image-thumbnails")
    row = page.get_by_role("row").filter(has_text="image-thumbnails")
    expect(row.get_by_text("Running")).to_be_visible()
    row.get_by_role("link", name="image-thumbnails").first.click()
    log = page.get_by_role("log")
    expect(log.get_by_text("line 1", exact=True)).to_be_visible()
    expect(log.get_by_text("line 12", exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Find in log").fill("line 3")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"1 of \d"))).to_be_visible()

    page.locator("main").get_by_role("button", name=CANCEL).click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
    question.get_by_role("button", name="Cancel execution").click()
    expect(page.locator("main").get_by_text("Cancelled").first).to_be_visible()
    assert product.ended(job["id"])["status"] == "cancelled"

    page.get_by_role("button", name=re.compile(r"^(Retry|Run again)\b")).first.click()
    until(lambda: len(product.executions(job["id"])) == 2, 10, "it runs again")
    again = product.last(job["id"])
    expect(page).to_have_url(re.compile(f"/executions/{again['id']}$"))
    expect(page.get_by_role("log").get_by_text("line 1", exact=True)).to_be_visible()
    product.ask("POST", f"/api/executions/{again['id']}/cancel", {"force": True})
    expect(page.locator("main").get_by_text("Cancelled").first).to_be_visible()


def by_hand(product: Product, name: str, script: str, **more: Any) -> str:
    """Make a job that runs when it is told to; return its id."""
    body = {
        "name": name,
        "type": "shell",
        "config": {"script": script},
        "schedule": {"type": "manual"},
    }
    status, made = product.ask("POST", "/api/jobs", body | more)
    assert status == 201, made
    return str(made["data"]["id"])


def test_a_chain_is_ordered_run_and_resumed(visitor: Visitor, product: Product):
    marker = product.folder / "is-mended"
    by_hand(product, "till-freeze", "echo frozen")
    by_hand(product, "till-count", f"test -e {marker} || {{ echo not yet >&2; exit 2; }}")
    by_hand(product, "till-report", "echo sent")
    page = visitor.open("/chains")
    page.get_by_role("link", name="New chain").first.click()
    page.get_by_label("Name", exact=True).fill("Close the tills")
    finder = page.get_by_role("region", name="Add a job")
    for name in ("till-report", "till-freeze", "till-count"):
        finder.get_by_role("searchbox").fill(name)
        finder.get_by_role("button", name=name).click()
    page.get_by_role("button", name=re.compile("^Move till-report: Alt")).press("Alt+ArrowDown")
    page.get_by_role("button", name="Move till-report down").click()
    links = page.get_by_role("group", name=re.compile("^Links")).get_by_role("listitem")
    expect(links).to_have_text([re.compile(n) for n in ("freeze", "count", "report")])
    page.get_by_role("button", name=re.compile("^Save chain")).click()
    expect(page).to_have_url(re.compile("/chains/[0-9a-f]{32}$"))

    page.get_by_role("button", name="Run chain").click()
    runs = page.get_by_role("region", name="Runs")
    run = runs.get_by_role("row").filter(has_text="#1")
    expect(run.get_by_text("Failed", exact=True)).to_be_visible()
    marker.touch()
    run.get_by_role("button", name="Resume").click()
    expect(run.get_by_text("Completed", exact=True)).to_be_visible()


def drawer(page: Page, name: str) -> Locator:
    """Return the open drawer with a title."""
    found = page.get_by_role("dialog", name=name).first
    expect(found).to_be_visible()
    return found


def test_a_webhook_is_tested_and_a_delivery_sent_again(
    visitor: Visitor, product: Product, target: HttpTarget
):
    url = target.serve(answer(418, b"short and stout"))
    page = visitor.open("/webhooks")
    page.get_by_role("button", name="New webhook").first.click()
    form = drawer(page, "New webhook")
    form.get_by_label("Name", exact=True).fill("chat-room")
    form.get_by_label("Address").fill(url)
    form.get_by_role("checkbox", name="job.failed").check()
    form.get_by_role("button", name="Make one").click()
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_text("shown only this once")).to_be_visible()
    secret = form.locator("code").first.inner_text()
    form.get_by_role("button", name="Close", exact=True).last.click()
    page.get_by_role("link", name="chat-room").click()
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_text(re.compile("It answered 418"))).to_be_visible()
    expect(page.get_by_text("short and stout")).to_be_visible()
    assert secret not in page.content()

    path = "/" + url.rpartition("/")[2]
    target.serve(answer(200, b"thanks"), path)
    before = len(target.seen)
    page.get_by_role("row").filter(has_text="418").get_by_role("button").first.click()
    shown = drawer(page, "Delivery 1")
    shown.get_by_role("button", name="Send again").click()
    until(lambda: len(target.seen) > before, 15, "it is sent again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("row").filter(has_text="Delivered")).to_be_visible()


def dead(product: Product, name: str, count: int) -> str:
    """Make a job whose executions have used their retries; return its id."""
    retry = {"max_retries": 1, "base_seconds": 0.1, "jitter": 0}
    job = by_hand(product, name, f"echo {name} is broken >&2; exit 3", retry=retry, overlap="allow")
    for _ in range(count):
        product.ask("POST", f"/api/jobs/{job}/execute")
    rows = f"/api/executions?job_id={job}&status=dead_letter"
    until(lambda: product.ask("GET", rows)[1]["total"] == count, 30, "dead letters")
    return job


def test_dead_letters_are_replayed_and_discarded(visitor: Visitor, product: Product):
    job = dead(product, "crm-sync", 2)
    dead(product, "pdf-render", 1)
    page = visitor.open("/dead-letters")
    groups = page.get_by_role("region", name="Error groups")
    groups.get_by_role("button").filter(has_text="crm-sync").click()
    config = {"config": {"script": "echo mended"}}
    assert product.ask("PATCH", f"/api/jobs/{job}", config)[0] == 200
    page.get_by_role("button", name=re.compile("^Replay all 2")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("Replayed 2 of 2")).to_be_visible()
    assert product.ended(job)["status"] == "completed"
    expect(groups.get_by_text("crm-sync")).to_have_count(0)

    groups.get_by_role("button").filter(has_text="pdf-render").click()
    page.get_by_role("button", name=re.compile("^Discard all 1")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("No dead letters.", exact=False)).to_be_visible()


def test_a_secret_is_never_shown_again(visitor: Visitor, product: Product):
    page = visitor.open("/variables")
    page.get_by_role("button", name="New variable").first.click()
    form = drawer(page, "New variable")
    form.get_by_label("Name", exact=True).fill("SHOP_TOKEN")
    form.get_by_role("checkbox", name=re.compile("^Sensitive")).check()
    form.get_by_label("Value").fill("swordfish-4711")
    form.get_by_role("button", name="Create").click()
    row = page.get_by_role("row").filter(has_text="SHOP_TOKEN")
    expect(row.get_by_text("***")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    row.get_by_role("button", name="SHOP_TOKEN").click()
    shown = drawer(page, "Variable «SHOP_TOKEN»")
    expect(shown.get_by_label("Value")).to_have_value("")
    assert "swordfish" not in page.content()

    job = by_hand(product, "uses-secret", 'echo "it is $SHOP_TOKEN"')
    product.ask("POST", f"/api/jobs/{job}/execute")
    execution = product.ended(job)
    page.goto(f"/executions/{execution['id']}")
    log = page.get_by_role("log")
    expect(log.get_by_text("it is ***", exact=True)).to_be_visible()
    assert "swordfish" not in page.content()


def test_projects_and_tags_order_what_there_is(visitor: Visitor, product: Product):
    page = visitor.open("/projects")
    page.get_by_role("button", name="New project").click()
    form = drawer(page, "New project")
    form.get_by_label("Name", exact=True).fill("Bookkeeping")
    form.get_by_role("button", name="Create").click()
    expect(page.get_by_role("row").filter(has_text="Bookkeeping")).to_be_visible()
    page.get_by_role("link", name="Tags", exact=True).click()
    page.get_by_role("button", name="New tag").click()
    form = drawer(page, "New tag")
    form.get_by_label("Name", exact=True).or_(form.get_by_label("Tag", exact=True)).first.fill(
        "vat"
    )
    form.get_by_role("button", name="Create").click()
    expect(page.get_by_role("row").filter(has_text="vat")).to_be_visible()

    page.goto("/jobs/new")
    begin(page, "Shell script", "vat-return")
    write(page, "Script", "echo filed")
    page.get_by_label("Project").select_option(label="Bookkeeping")
    page.get_by_role("group", name="Tags").get_by_role("button", name="vat").click()
    save_and_see(page, "filed")
    page.goto("/projects")
    page.get_by_role("row").filter(has_text="Bookkeeping").get_by_role("link", name="1").click()
    expect(
        page.get_by_role("row").filter(has_text="vat-return").get_by_text("vat", exact=True)
    ).to_be_visible()
