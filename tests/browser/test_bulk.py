"""Many jobs at a time: chosen by hand, by keys and by a filter, and done with while one watches."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import (
    LOOKS,
    PHONE,
    WIDE,
    Visitor,
    go,
    is_too_wide,
    look,
    resize,
    settled,
    violations,
)
from tests.end_to_end.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
LATER = "2100-01-01T00:00:00Z"


def make(product: Product, word: str, count: int) -> list[str]:
    """Make jobs that wait; return their ids."""
    jobs = [
        {
            "name": f"{word}-{number:03}",
            "type": "shell",
            "config": {"script": "true"},
            "scheduled_at": LATER,
        }
        for number in range(count)
    ]
    status, answer = product.ask("POST", "/api/jobs/bulk", jobs)
    assert status == 200, answer
    return [item["data"]["id"] for item in answer["data"]]


def statuses(product: Product, word: str) -> list[str]:
    """Return the statuses of the jobs whose name holds a word."""
    _, answer = product.ask("GET", f"/api/jobs?search={word}&limit=1000&sort_by=name")
    return [job["status"] for job in answer["data"]]


def rows(page: Page):
    """Return the rows of the list."""
    return page.locator("tr[data-row]")


def bar(page: Page):
    """Return the bar that says what is chosen."""
    return page.get_by_role("region", name="Chosen jobs")


def test_rows_are_chosen_by_mouse_and_keys(visitor: Visitor, product: Product):
    make(product, "keys", 6)
    page = visitor.open("/jobs?q=keys")
    expect(rows(page)).to_have_count(6)
    boxes = rows(page).get_by_role("checkbox", name="Select")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("3 selected")
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    rows(page).nth(0).focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("2 selected")
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("6 selected")


def test_all_that_match_are_paused_and_no_other(visitor: Visitor, product: Product):
    make(product, "mass", 130)
    make(product, "other", 3)
    page = visitor.open("/jobs?q=mass")
    expect(rows(page).first).to_be_visible()
    rows(page).get_by_role("checkbox", name="Select").first.click()
    bar(page).get_by_role("button", name="Select all 130 that match").click()
    bar(page).get_by_role("button", name="Pause").click()
    question = page.get_by_role("alertdialog")
    verb = question.get_by_role("button", name="Pause 130 jobs")
    expect(question.get_by_text("and 125 more")).to_be_visible()
    expect(verb).to_be_disabled()
    question.get_by_label("Type 130 to confirm.").fill("130")
    verb.click()
    expect(bar(page).get_by_text("130 of 130")).to_be_visible()
    expect(bar(page).get_by_role("status")).to_have_text("done")
    assert statuses(product, "mass") == ["paused"] * 130
    assert statuses(product, "other") == ["scheduled"] * 3


def test_what_cannot_take_part_is_told_before_and_stays_chosen(visitor: Visitor, product: Product):
    ids = make(product, "mixed", 4)
    product.ask("POST", f"/api/jobs/{ids[1]}/pause")
    page = visitor.open("/jobs?q=mixed")
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("Control+a")
    bar(page).get_by_role("button", name="Pause").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text("1 of them can't take part.")).to_be_visible()
    expect(question.get_by_text("the job is paused already")).to_be_visible()
    question.get_by_role("button", name="Pause 4 jobs").click()
    expect(bar(page).get_by_text("1 refused")).to_be_visible()
    assert statuses(product, "mixed") == ["paused"] * 4
    bar(page).get_by_role("button", name="Close").click()
    expect(bar(page)).to_contain_text("1 selected")


def test_many_are_switched_off_and_then_refuse_to_run(visitor: Visitor, product: Product):
    ids = make(product, "many", 3)
    page = visitor.open("/jobs?q=many")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Select all on this page").check()
    bar(page).get_by_role("button", name="More").click()
    page.get_by_text("Switch off", exact=True).click()
    expect(bar(page).get_by_text("3 of 3")).to_be_visible()
    bar(page).get_by_role("button", name="Close").click()
    for job_id in ids:
        assert product.ask("GET", f"/api/jobs/{job_id}")[1]["data"]["enabled"] is False

    page.get_by_label("Select all on this page").check()
    bar(page).get_by_role("button", name="Run now").click()
    expect(bar(page).get_by_text("3 refused")).to_be_visible()
    bar(page).get_by_role("button", name="Close").click()
    expect(bar(page)).to_contain_text("3 selected")


def test_nothing_is_deleted_before_the_count_is_typed(visitor: Visitor, product: Product):
    make(product, "gone", 2)
    page = visitor.open("/jobs?q=gone")
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("Control+a")
    bar(page).get_by_role("button", name="Delete").click()
    question = page.get_by_role("alertdialog")
    verb = question.get_by_role("button", name="Delete 2 jobs")
    expect(verb).to_be_disabled()
    question.get_by_label("Type 2 to confirm.").fill("2")
    verb.click()
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
    assert statuses(product, "gone") == []


def test_a_job_is_looked_at_beside_its_list(visitor: Visitor, product: Product):
    make(product, "peek", 3)
    page = visitor.open("/jobs?q=peek")
    expect(rows(page)).to_have_count(3)
    rows(page).nth(0).focus()
    page.keyboard.press("Space")
    drawer = page.get_by_role("complementary", name=re.compile("peek-"))
    expect(drawer).to_be_visible()
    expect(page).to_have_url(re.compile(r"peek=[0-9a-f]{32}"))
    first = drawer.get_by_role("heading").first.inner_text()
    page.keyboard.press("j")
    expect(drawer.get_by_role("heading").first).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_filters_stand_in_the_address_and_can_be_saved(visitor: Visitor, product: Product):
    make(product, "narrow", 2)
    page = visitor.open("/jobs")
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("f")
    page.get_by_placeholder("Find a field").fill("prior")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="5", exact=True).check()
    expect(page).to_have_url(re.compile("priority=5"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_placeholder("Name of the view").fill("usual ones")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^All")).click()
    expect(page).not_to_have_url(re.compile("priority="))
    page.get_by_role("button", name="usual ones", exact=True).click()
    expect(page).to_have_url(re.compile("priority=5"))


def test_back_gives_the_list_as_it_was_left(visitor: Visitor, product: Product):
    make(product, "long", 320)
    page = visitor.open("/jobs?q=long")
    expect(rows(page).first).to_be_visible()
    page.mouse.move(700, 500)
    for _ in range(30):
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(50)
    expect(page.get_by_text("of 320")).to_contain_text(re.compile("(300|320) of 320"))
    assert rows(page).count() < 100  # of 300 rows only those near the window are there
    bottom = page.evaluate("scrollY")
    page.mouse.wheel(0, -3000)
    until(lambda: page.evaluate("scrollY") < bottom - 2900, 5, "it has been scrolled")
    before = page.evaluate("scrollY")
    assert before > 1000
    rows(page).nth(20).get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/jobs/[0-9a-f]{32}"))
    page.go_back()
    expect(rows(page).first).to_be_visible()
    until(lambda: abs(page.evaluate("scrollY") - before) < 60, 15, "the place in the list")


def test_lists_are_open_to_all(visitor: Visitor, product: Product):
    make(product, "axe", 2)
    page = settled(visitor.open("/jobs", for_axe=True))
    for path in ("/jobs", "/executions"):
        resize(page, WIDE)
        go(page, path)
        rows(page).first.get_by_role("checkbox").first.click()
        for theme, language in LOOKS:
            look(page, theme, language)
            resize(page, WIDE)
            assert violations(page) == [], (path, theme)
            resize(page, PHONE)
            assert not is_too_wide(page), (path, language)
