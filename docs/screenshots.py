"""Take the pictures of docs/images from the running product, which is given some history first.

python -m docs.screenshots [name …]     (make screenshots)
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.browser.visitor import PHONE, Visitor, chromium
from tests.end_to_end.product import ROOT, Product, running

IMAGES = ROOT / "docs" / "images"
DESK = (1440, 760)


class Shot(NamedTuple):
    """A picture: its name, and what is to be seen on it."""

    name: str
    place: str
    theme: str = "dark"
    size: tuple[int, int] = DESK


SHOTS = (
    Shot("jobs", "/jobs"),
    Shot("executions", "/executions"),
    Shot("executions-light", "/executions", theme="light"),
    Shot("jobs-on-a-phone", "/jobs", size=PHONE),
)

#: Name, cron expression, script, priority and number of runs of the jobs on the pictures.
JOBS = (
    ("settlement-export", "0 18 * * MON-FRI", "sleep 0.3; echo 218 rows", 9, 9),
    ("refund-retry", "*/5 * * * *", "sleep 0.1; echo nothing to do", 7, 12),
    ("bank-statement-reconcile", "15 6 * * *", "sleep 0.2; echo all match", 8, 6),
    ("vacuum-analytics", "30 4 * * *", "echo no space >&2; exit 3", 4, 3),
    ("tls-expiry-check", "0 * * * *", "echo 61 days left", 5, 10),
    ("thumbnail-backfill", "0 2 * * SUN", "sleep 0.4; echo 1,204 made", 3, 4),
)


def fill(product: Product) -> None:
    """Give the product jobs with a history, and one that runs at this moment."""
    tags = [tag["id"] for tag in product.ask("GET", "/api/tags")[1]["data"]]
    left: dict[str, int] = {}
    for index, (name, cron, script, priority, count) in enumerate(JOBS):
        schedule = {"type": "cron", "expression": cron, "timezone": "Europe/Berlin"}
        more = {"schedule": schedule, "priority": priority, "tag_ids": tags[index : index + 1]}
        left[_make(product, name, script, **more)["id"]] = count
    while left := {job: count - 1 for job, count in left.items() if count}:
        for job in left:
            product.ask("POST", f"/api/jobs/{job}/execute")
        for job in left:
            product.ended(job)
    _make(product, "migrate-invoices", "sleep 300", scheduled_at="now")


def _make(product: Product, name: str, script: str, **more: Any) -> dict[str, Any]:
    marked = {"DATA_DIR": product.environ["DATA_DIR"]}  # so that its processes are found
    config = {"script": script, "env": marked}
    body = {"name": name, "type": "shell", "config": config}
    status, answer = product.ask("POST", "/api/jobs", body | more)
    if status != 201:
        raise SystemExit(f"{name} was refused: {answer}")
    job: dict[str, Any] = answer["data"]
    return job


def take(visitor: Visitor, shot: Shot) -> None:
    """Take one picture."""
    page = visitor.open(shot.place, theme=shot.theme, size=shot.size)
    page.get_by_text("settlement-export").first.wait_for()
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=IMAGES / f"{shot.name}.png", animations="disabled")


def main(names: list[str]) -> None:
    """Take the pictures that are named, all by default."""
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running(Path(folder) / "home") as product,
    ):
        fill(product)
        visitor = Visitor(browser, product)
        for shot in SHOTS:
            if not names or shot.name in names:
                take(visitor, shot)
        visitor.close()
        if visitor.unforgiven():
            raise SystemExit("\n".join(visitor.unforgiven()))


if __name__ == "__main__":
    main(sys.argv[1:])
