"""What lasts: filters through back and forward, the page through a restart of the API."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitor
from tests.end_to_end.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: Nobody answers while the API is away.
#: What a page says of a server that is gone, and of streams that broke off with it.
AWAY = (
    r"^failed: |^50[234]: "
    r"|^console: .*(ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY|\b50[234]\b|WebSocket)"
)


def row(page: Page, name: str) -> Locator:
    """Return the row of a list that names something."""
    return page.get_by_role("row").filter(has_text=name)


def test_back_and_forward_lead_through_the_filters(visitor: Visitor, product: Product):
    for name in ("alpha-backup", "beta-report"):
        product.ended(product.create("true", name=name)["id"])
    page = visitor.open("/jobs")
    page.get_by_role("searchbox").first.fill("beta")
    expect(page).to_have_url(re.compile(r"/jobs\?q=beta"))
    expect(row(page, "alpha-backup")).to_have_count(0)
    row(page, "beta-report").get_by_role("link", name="beta-report").click()
    expect(page.get_by_role("heading", name="beta-report")).to_be_visible()
    page.get_by_role("link", name="Chains", exact=True).click()
    expect(page.get_by_text("No chains yet.", exact=False)).to_be_visible()

    page.go_back()
    expect(page.get_by_role("heading", name="beta-report")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("searchbox").first).to_have_value("beta")
    expect(row(page, "beta-report")).to_be_visible()
    expect(row(page, "alpha-backup")).to_have_count(0)
    page.go_forward()
    expect(page.get_by_role("heading", name="beta-report")).to_be_visible()
    page.go_forward()
    expect(page).to_have_url(re.compile("/chains"))


def test_the_page_recovers_and_loses_no_line(visitor: Visitor, product: Product):
    visitor.forgive(AWAY)
    marker = product.folder / "enough"
    script = f"i=0; until test -e {marker}; do i=$((i+1)); echo line $i; sleep .1; done; echo bye"
    job = product.create(script, name="talks-on")
    until(lambda: product.executions(job["id"]), 10, "it runs")
    log = visitor.open(f"/executions/{product.last(job['id'])['id']}")
    jobs = visitor.open("/jobs")
    expect(log.get_by_role("log").get_by_text("line 5", exact=True)).to_be_visible()

    away = product.role("api").pid
    product.kill("api")
    until(lambda: product.role("api").pid != away and product.consumes(), 40, "the API is back")
    made = product.create("true", name="made-after")
    expect(row(jobs, "made-after")).to_be_visible()
    marker.touch()
    product.ended(job["id"])
    product.ended(made["id"])
    expect(log.locator("main").get_by_text("Completed").first).to_be_visible()
    expect(log.get_by_role("log").get_by_text("bye", exact=True)).to_be_visible()
    place = f"/api/executions/{product.last(job['id'])['id']}/logs?limit=1000"
    lines = product.ask("GET", place)[1]["data"]
    expect(log.get_by_text(re.compile(rf"^{len(lines)} lines"))).to_be_visible()
