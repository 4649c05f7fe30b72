"""A whole journey without a mouse: a job is made, run, watched and cancelled."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import CANCEL, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus; fail if it is never reached."""
    expect(wanted).to_be_visible()
    for _ in range(90):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {wanted}")


def go(page: Page, letter: str, place: str) -> None:
    """Go to a place by its keys."""
    page.keyboard.press("g")
    page.keyboard.press(letter)
    expect(page).to_have_url(re.compile(f"/{place}$"))


def make_a_job(page: Page, name: str) -> None:
    """Fill and save the form of a new job."""
    tab_to(page, page.get_by_role("link", name="New job").first)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.type(name)
    script = page.get_by_role("textbox", name="Script", exact=True)
    tab_to(page, script)
    page.keyboard.insert_text("echo begun; sleep 300")
    # In a script Tab indents; after Escape it goes on.
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(script).not_to_be_focused()
    page.keyboard.press("Control+s")
    expect(page).to_have_url(re.compile("/jobs/[0-9a-f]{32}$"))


def cancel_it(page: Page) -> None:
    """Cancel the execution that is shown, after a change of mind."""
    cancel = page.locator("main").get_by_role("button", name=CANCEL)
    tab_to(page, cancel)
    page.keyboard.press("Enter")
    question = page.get_by_role("alertdialog")
    expect(question.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, question.get_by_role("button", name="Cancel execution"))
    page.keyboard.press("Enter")
    expect(page.locator("main").get_by_text("Cancelled").first).to_be_visible()


def test_the_keyboard_alone_suffices(visitor: Visitor):
    page = visitor.open("/")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    go(page, "j", "jobs")
    make_a_job(page, "typed-only")
    tab_to(page, page.get_by_role("row").filter(has_text="#1").get_by_role("link", name="#1"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("begun", exact=True)).to_be_visible()
    cancel_it(page)
    go(page, "e", "executions")
    row = page.get_by_role("row").filter(has_text="typed-only")
    expect(row.get_by_text("Cancelled", exact=True)).to_be_visible()
    page.keyboard.press("j")
    expect(row).to_be_focused()
