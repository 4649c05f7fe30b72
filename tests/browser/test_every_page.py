"""Whatever the router leads to: nothing goes wrong on it, and everybody can use it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.company import Company
from tests.browser.routes import place_of, routes
from tests.browser.visitor import (
    LOOKS,
    PHONE,
    Visitor,
    go,
    is_too_wide,
    look,
    settled,
    violations,
)
from tests.end_to_end.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def places(guarded: Product, admin: dict[str, str]) -> list[str]:
    """An address for each route, with something to be seen there."""
    company = Company(guarded, admin)
    company.settle()
    ids = {
        "jobs": company.ids["jobs"]["invoice-export"],
        "executions": company.newest("invoice-export")["id"],
        "chains": company.ids["chains"]["Close the day"],
        "webhooks": company.ids["webhooks"]["team-chat"],
    }
    return [place_of(route, ids, "general") for route in routes()]


def test_the_router_is_read():
    found = routes()
    assert {"/jobs", "/jobs/:id/:tab?", "/settings/:tab", "/:rest(.*)*"} <= set(found)
    assert len(found) > 25


def tabs_of(page: Page) -> list[str]:
    """Return the addresses of the other parts of a page."""
    links = page.locator("main nav a:not([aria-current])")
    found = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return [place for place in found if place and "?" not in place]


def walk(page: Page, places: list[str]) -> Iterator[str]:
    """Go to each place once, then to the parts that these have; yield what is shown."""
    seen: list[str] = []
    waiting = list(dict.fromkeys(places))
    while waiting:
        place = waiting.pop(0)
        seen.append(place)
        go(page, place)
        yield place
        waiting += [one for one in tabs_of(page) if one not in (*seen, *waiting)]


def test_axe_finds_nothing_anywhere(guest: Visitor, places: list[str]):
    theme, language = LOOKS[0]
    page = guest.open("/jobs", theme=theme, language=language, for_axe=True, as_whom="admin")
    settled(page)
    found = {}
    for place in walk(page, places):
        for theme, language in LOOKS:
            look(page, theme, language)
            found[place, theme] = violations(page)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}


def test_nothing_is_too_wide_for_a_phone(guest: Visitor, places: list[str]):
    page = settled(guest.open("/jobs", language="vi", size=PHONE, as_whom="admin"))
    assert [place for place in walk(page, places) if is_too_wide(page)] == []
