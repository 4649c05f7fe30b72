"""The palette, the keys and the first page, as somebody uses them by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import PHONE, WIDE, Visitor, is_too_wide, violations
from tests.end_to_end.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def make(product: Product, name: str, script: str = "echo done") -> str:
    body = {"name": name, "type": "shell", "config": {"script": script}, "immediate": True}
    status, answer = product.ask("POST", "/api/jobs", body)
    assert status == 201, answer
    return str(answer["data"]["id"])


@pytest.fixture(scope="module", autouse=True)
def jobs(product: Product) -> dict[str, str]:
    """Three jobs by name that have run; one went wrong, one has a Vietnamese name."""
    names = {"vacuum-analytics": "echo boom >&2; exit 3", "Đồng bộ kho": "echo x", "refund": "echo"}
    made = {name: make(product, name, script) for name, script in names.items()}
    for job_id in made.values():
        product.ended(job_id)
    return made


def search(page: Page, text: str = "") -> None:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or run a command")
    expect(field).to_be_focused()
    if text:
        field.fill(text)


def opened(visitor: Visitor, path: str = "/overview", **more: object) -> Page:
    page = visitor.open(path, **more)  # type: ignore[arg-type]
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def test_a_job_is_found_and_opened_without_a_mouse(visitor: Visitor, jobs: dict[str, str]) -> None:
    page = opened(visitor)
    search(page, "dong bo")
    expect(page.get_by_role("option", name=re.compile("Đồng bộ kho")).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(jobs["Đồng bộ kho"]))
    search(page)
    expect(page.get_by_role("group", name="Opened of late")).to_contain_text("Đồng bộ kho")
    expect(page.get_by_role("group", name="Do with Đồng bộ kho")).to_contain_text("Run now")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_be_hidden()


def test_what_is_found_can_be_done_with_at_once(visitor: Visitor, product: Product) -> None:
    page = opened(visitor)
    search(page, "refund")
    option = page.get_by_role("option", name=re.compile("Run now"))
    expect(option).to_be_visible()
    option.click()
    expect(page.get_by_text("refund")).not_to_have_count(0)
    search(page, "refund #2")
    expect(page.get_by_role("option", name=re.compile("refund #2"))).to_be_visible()


def test_signs_narrow_what_is_looked_for(visitor: Visitor) -> None:
    page = opened(visitor)
    search(page, "#1")
    expect(page.get_by_role("group", name="Executions")).to_contain_text("vacuum-analytics #1")
    search_again = page.get_by_role("combobox", name="Search or run a command")
    search_again.fill(">light")
    expect(page.get_by_role("option", name="Theme: Light")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_letters_go_places_and_can_be_switched_off(visitor: Visitor) -> None:
    page = opened(visitor)
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("/jobs$"))
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("Run now")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.goto("/settings/appearance")
    page.get_by_label("Single letters are shortcuts").last.uncheck()
    page.goto("/overview")
    expect(page.get_by_text("Today around now").first).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("j")
    search(page)  # with Ctrl it works on
    expect(page).to_have_url(re.compile("/overview"))
    expect(sheet).to_be_hidden()


def test_the_overview_tells_what_needs_a_look_and_asks_thrice(visitor: Visitor) -> None:
    page = opened(visitor, "/jobs")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/api/" in request.url else None
    )
    page.goto("/overview")
    look = page.get_by_role("region", name="Needs a look")
    expect(look).to_contain_text("vacuum-analytics")
    streams = ("/api/events", "/api/auth/me")
    assert len({url for url in asked if not any(one in url for one in streams)}) <= 3
    expect(page).to_have_title(re.compile("● 1 failing · Overview"))
    page.goto("/overview?view=wall")
    expect(page.get_by_role("region", name="Needs a look")).to_contain_text("vacuum-analytics")
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_an_unknown_address_names_what_is_called_alike(visitor: Visitor) -> None:
    visitor.forgive("404")
    page = visitor.open("/jobz/vacuum")
    expect(page.get_by_role("region", name="Called alike")).to_contain_text("vacuum-analytics")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_they_are_usable_by_all(visitor: Visitor, theme: str, size: tuple[int, int]) -> None:
    language = "vi" if size is PHONE else "en"
    page = opened(visitor, theme=theme, size=size, language=language, for_axe=True)
    expect(page.get_by_text("vacuum-analytics").first).to_be_visible()
    assert not is_too_wide(page)
    assert violations(page) == []
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("vac")
    expect(page.get_by_role("option").nth(2)).to_be_visible()
    assert not is_too_wide(page)
    assert violations(page) == []
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
