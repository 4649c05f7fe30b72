"""Somebody with a Chromium before the product's page, who notices all that goes wrong in it."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
    sync_playwright,
)
from playwright.sync_api import Request as BrowserRequest

from app import web
from tests.end_to_end.product import ROOT, Product
from tests.support.servers import missing

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
#: The password of everybody in these tests.
PASSWORD = "plum orbit lantern 42"
#: The name of the button that cancels what is shown; it may tell its key.
CANCEL = re.compile(r"^Cancel( C)?$")
WIDE = (1440, 900)
PHONE = (390, 844)
#: What a rule of axe about colours looks at has changed; the others see new words.
LOOKS = (("dark", "en"), ("light", "vi"))
#: Has the page look otherwise without being loaded again, as the menu of the account does.
_LOOK = """
([theme, language]) => {
  const app = document.querySelector("#app").__vue_app__;
  const chosen = app.config.globalProperties.$pinia.state.value.appearance;
  chosen.theme = theme;
  chosen.language = language;
}
"""
#: Goes somewhere as a link does: to load all anew would open a stream of events each time.
_GO = """
async (place) => {
  const app = document.querySelector("#app").__vue_app__;
  await app.config.globalProperties.$router.push(place);
  await new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)));
}
"""


def program_of_chromium() -> str:
    """Return the path of the system's Chromium; skip the test where there is none."""
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        missing("Chromium (Debian: apt-get install chromium)")
    return program


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run the Chromium of the system for the length of a block."""
    program = program_of_chromium()
    if not web.is_built():
        missing("the page (build it: make setup)")
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, as whom tests may run in a container.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=program, args=flags)
        yield opened
        opened.close()


class Visitor:
    """Somebody with a browser; remembers all that went wrong in it."""

    def __init__(self, browser: Browser, product: Product) -> None:
        self._browser, self._product = browser, product
        self._forgiven: list[str] = []
        self.problems: list[str] = []
        self.pages: list[Page] = []

    def open(
        self,
        path: str,
        *,
        theme: str = "dark",
        language: str = "en",
        size: tuple[int, int] = WIDE,
        for_axe: bool = False,
        as_whom: str = "",
    ) -> Page:
        """Open a place of the page in a browser of its own.

        ``for_axe`` lets its script in; ``as_whom`` signs somebody in first.
        """
        context = self._browser.new_context(
            base_url=f"http://localhost:{self._product.port}",
            viewport={"width": size[0], "height": size[1]},
            locale="en-GB",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
            bypass_csp=for_axe,
        )
        choices = json.dumps({"theme": theme, "language": language})
        keep = f"localStorage['oneoff.appearance'] ??= {choices!r}"
        context.add_init_script(keep)
        if as_whom:
            sign_in(context, as_whom)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("requestfailed", self._on_failed)
        page.on("response", self._on_response)
        self.pages.append(page)
        page.goto(path)
        return page

    def forgive(self, pattern: str) -> None:
        """Take what a regular expression finds in a problem for no problem: it is being tested."""
        self._forgiven.append(pattern)

    def unforgiven(self) -> list[str]:
        """Return what went wrong."""
        return [p for p in self.problems if not any(re.search(f, p) for f in self._forgiven)]

    def close(self) -> None:
        """Close all that was opened."""
        for page in self.pages:
            page.context.close()

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _on_failed(self, request: BrowserRequest) -> None:
        # Whoever leaves a page gives up what it still asks for.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._note(f"failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"{response.status}: {response.request.method} {response.url}")


def sign_in(context: BrowserContext, username: str, password: str = PASSWORD) -> None:
    """Give a browser the session of somebody."""
    answer = context.request.post(
        "/api/auth/login",
        data={"username": username, "password": password},
        headers={"X-Session": "cookie"},
    )
    assert answer.ok, answer.text()


def settled(page: Page) -> Page:
    """Wait until a page shows what it is for, with its fonts, and nothing that loads."""
    expect(page.locator("#app main").first).to_be_visible()
    expect(page.locator("[aria-busy=true], .skeleton")).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => true)")
    return page


def go(page: Page, place: str) -> Page:
    """Go to a place as a link of the page does, and wait until it is shown."""
    page.evaluate(_GO, place)
    return settled(page)


def look(page: Page, theme: str, language: str) -> None:
    """Have the page look otherwise, as its visitor may choose."""
    page.evaluate(_LOOK, [theme, language])
    expect(page.locator("html")).to_have_attribute("lang", language)


def resize(page: Page, size: tuple[int, int]) -> None:
    """Have a page be as large as another screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page that was opened ``for_axe``: rule and place."""
    if not AXE.exists():
        missing("axe-core (npm ci in frontend)")
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate(
        "async (options) => (await axe.run(document, options)).violations",
        # Off by default, and a rule of WCAG 2.2.
        {"rules": {"target-size": {"enabled": True}}},
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def is_too_wide(page: Page) -> bool:
    """Return whether one would have to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
