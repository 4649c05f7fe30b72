"""Take the pictures of docs/images from the running product, which is given a month of history.

python -m docs.screenshots [name …]     (make screenshots)     those that the docs show
python -m docs.screenshots --all        every page, wide and narrow, dark and light, both languages
"""

import base64
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from docs.history import remember
from tests.browser.company import Company
from tests.browser.routes import place_of, routes
from tests.browser.visitor import PASSWORD, PHONE, Visitor, chromium, settled
from tests.end_to_end.product import ROOT, Product, running

IMAGES = ROOT / "docs" / "images"
#: Where all of them go; they are for whoever looks at the page, and not kept.
ALL = IMAGES / "all"
DESK = (1440, 900)
WHO = "mai"
QUALITY = 0.86


class Shot(NamedTuple):
    """A picture: its name, and what is to be seen on it. ``{job}`` and the like are filled in."""

    name: str
    place: str
    theme: str = "dark"
    size: tuple[int, int] = DESK
    language: str = "en"


SHOTS = (
    Shot("overview", "/overview"),
    Shot("overview-vi", "/overview", theme="light", language="vi"),
    Shot("jobs", "/jobs"),
    Shot("jobs-on-a-phone", "/jobs", size=PHONE),
    Shot("job", "/jobs/{job}"),
    Shot("job-new", "/jobs/new?clone={job}", theme="light"),
    Shot("job-new-vi", "/jobs/new?clone={job}", theme="light", language="vi"),
    Shot("executions", "/executions?status=failed", theme="light"),
    Shot("execution", "/executions/{execution}"),
    Shot("execution-vi", "/executions/{execution}", theme="light", language="vi"),
    Shot("timeline", "/timeline"),
    Shot("chain", "/chains/{chain}"),
    Shot("dead-letters", "/dead-letters", theme="light"),
)

#: Has the browser itself make a picture smaller: no other program is needed.
_TO_WEBP = """
async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
"""


def every_page(ids: dict[str, str]) -> Iterator[Shot]:
    """Yield pictures of all that the router leads to."""
    for route in routes():
        place = place_of(route, ids, "general")
        name = place.strip("/").replace("/", "-") or "start"
        for theme, language in (("dark", "en"), ("light", "vi")):
            for size in (DESK, PHONE):
                yield Shot(f"{name}-{theme}-{language}-{size[0]}", place, theme, size, language)


def take(visitor: Visitor, shot: Shot, place: str, press: Page) -> bytes:
    """Take one picture and return it as WebP."""
    page = visitor.open(
        place, theme=shot.theme, size=shot.size, language=shot.language, as_whom=WHO
    )
    settled(page)
    page.wait_for_timeout(1500)  # what is asked for while one types comes a moment later
    png = base64.b64encode(page.screenshot(animations="disabled")).decode()
    page.close()
    made = press.evaluate(_TO_WEBP, [f"data:image/png;base64,{png}", QUALITY])
    return base64.b64decode(made)


def _first_user(product: Product) -> dict[str, str]:
    """Make the one who looks at the pages; return the headers that say so."""
    given = {"username": WHO, "password": PASSWORD}
    product.ask("POST", "/setup/admin", given)
    _, told = product.ask("POST", "/api/auth/login", given)
    return {"Authorization": f"Bearer {told['data']['token']}"}


def main(words: list[str]) -> None:
    """Take the pictures that are named, those of the docs by default."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running(Path(folder) / "home", AUTH_ENABLED="true") as product,
    ):
        company = Company(product, _first_user(product))
        company.settle()
        remember(company)
        ids = {
            "jobs": company.ids["jobs"]["invoice-export"],
            "executions": company.newest("invoice-export")["id"],
            "chains": company.ids["chains"]["Close the day"],
            "webhooks": company.ids["webhooks"]["team-chat"],
        }
        named = {"job": ids["jobs"], "execution": ids["executions"], "chain": ids["chains"]}
        is_all = "--all" in words
        where = ALL if is_all else IMAGES
        where.mkdir(exist_ok=True)
        press = browser.new_page()
        visitor = Visitor(browser, product)
        for shot in every_page(ids) if is_all else SHOTS:
            if is_all or not words or shot.name in words:
                picture = take(visitor, shot, shot.place.format(**named), press)
                (where / f"{shot.name}.webp").write_bytes(picture)
        visitor.close()
        if visitor.unforgiven():
            raise SystemExit("\n".join(visitor.unforgiven()))


if __name__ == "__main__":
    main(sys.argv[1:])
