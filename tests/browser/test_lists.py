"""The lists of jobs and of executions, as somebody uses them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.end_to_end.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


def row(page: Page, name: str):
    """Return the row of a list that names something."""
    return page.get_by_role("row").filter(has_text=name)


@pytest.fixture(scope="module")
def jobs(product: Product) -> dict[str, str]:
    """Jobs that have run, their ids by name. Ask for it after the product was seen empty."""
    made = {
        "alpha-backup": product.create("echo saved", name="alpha-backup")["id"],
        "beta-report": product.create("exit 3", name="beta-report")["id"],
        "gamma-sync": product.create("true", name="gamma-sync", priority=9)["id"],
    }
    for job_id in made.values():
        product.ended(job_id)
    return made


def test_an_empty_product_says_so(visitor: Visitor):
    page = visitor.open("/")
    expect(page).to_have_url(re.compile(r"/(jobs|overview)$"))
    page = visitor.open("/jobs")
    expect(page.get_by_text("No jobs yet")).to_be_visible()
    expect(page.get_by_role("link", name="New job").first).to_be_visible()
    page = visitor.open("/executions")
    expect(page.get_by_text("Nothing has run yet")).to_be_visible()


def test_what_others_make_appears_by_itself(visitor: Visitor, product: Product):
    lists = visitor.open("/jobs")
    expect(lists.get_by_text("No jobs yet")).to_be_visible()
    ledger = visitor.open("/executions")
    job = product.create("echo hi", name="made-elsewhere")
    expect(row(lists, "made-elsewhere")).to_be_visible()
    product.ended(job["id"])
    expect(row(ledger, "made-elsewhere").get_by_text("Completed")).to_be_visible()
    expect(row(lists, "made-elsewhere").get_by_label("Completed").first).to_be_visible()


def test_a_filter_is_in_the_address_and_back_keeps_it(visitor: Visitor, jobs: dict[str, str]):
    page = visitor.open("/jobs")
    page.get_by_role("searchbox").fill("beta")
    expect(page).to_have_url(re.compile(r"/jobs\?q=beta$"))
    expect(row(page, "beta-report")).to_be_visible()
    expect(row(page, "alpha-backup")).to_have_count(0)

    page.get_by_role("link", name="Executions").first.click()
    expect(page).to_have_url(re.compile(r"/executions$"))
    page.get_by_role("button", name=re.compile("^Status")).click()
    choices = page.get_by_role("group", name="Status")
    choices.get_by_role("checkbox", name=re.compile("^Failed")).check()
    expect(page).to_have_url(re.compile("status=failed"))
    expect(row(page, "beta-report")).to_be_visible()
    expect(row(page, "alpha-backup")).to_have_count(0)

    page.go_back()
    expect(page).to_have_url(re.compile(r"/jobs\?q=beta$"))
    expect(page.get_by_role("searchbox")).to_have_value("beta")
    expect(row(page, "alpha-backup")).to_have_count(0)
    page.reload()
    expect(row(page, "beta-report")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(row(page, "alpha-backup")).to_be_visible()

    page = visitor.open("/jobs?q=nothing-has-this-name")
    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()


def test_the_keyboard_alone_moves_and_opens(visitor: Visitor, jobs: dict[str, str]):
    page = visitor.open("/jobs?q=a&sort=created_at:asc")
    expect(row(page, "alpha-backup")).to_be_visible()
    rows = page.locator("tbody tr[tabindex]")
    for key, index in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(rows.nth(index)).to_be_focused()
    name = rows.nth(1).locator("a.name").inner_text()
    page.keyboard.press("Enter")
    wanted = jobs.get(name)
    expect(page).to_have_url(re.compile(rf"/jobs/{wanted or '[0-9a-f]{32}'}$"))


def test_a_job_is_switched_off_and_on(visitor: Visitor, product: Product, jobs: dict[str, str]):
    page = visitor.open("/jobs?q=gamma")
    switch = page.get_by_role("switch", name="gamma-sync: on")
    place = f"/api/jobs/{jobs['gamma-sync']}"

    def is_on() -> bool:
        return bool(product.ask("GET", place)[1]["data"]["enabled"])

    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(row(page, "gamma-sync").get_by_text("Off", exact=True)).to_be_visible()
    until(lambda: not is_on(), 5, "the job is off")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    until(is_on, 5, "the job is on")
