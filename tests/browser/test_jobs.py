"""Jobs that are made, changed, looked at and deleted in the page."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.end_to_end.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


def recurring(product: Product, name: str, **schedule: str) -> dict[str, Any]:
    """Make a job that runs by hand only, or by another schedule."""
    body: dict[str, Any] = {"name": name, "type": "shell", "config": {"script": "true"}}
    body["schedule"] = schedule or {"type": "manual"}
    status, answer = product.ask("POST", "/api/jobs", body)
    assert status == 201, answer
    job: dict[str, Any] = answer["data"]
    return job


def test_a_job_is_made_run_and_shown(visitor: Visitor):
    visitor.forgive("400")
    page = visitor.open("/jobs/new")
    page.get_by_role("button", name="Cron").click()
    page.get_by_label("Expression").fill("61 * * * *")
    preview = page.get_by_role("complementary")
    expect(preview.get_by_text("out of range")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Not saved: 3 things are wrong.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")

    page.get_by_label("Name", exact=True).fill("nightly")
    page.get_by_label("Expression").fill("30 2 * * *")
    page.get_by_label("Time zone", exact=True).fill("Europe/Berlin")
    page.locator(".cm-content").first.click()
    page.keyboard.type("echo hello")
    expect(preview.get_by_text("At 02:30 (Europe/Berlin)")).to_be_visible()
    page.keyboard.press("Control+Enter")

    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f]{32}$"))
    expect(page.get_by_role("heading", name="nightly")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="#1").get_by_text("Completed")).to_be_visible()
    expect(page.get_by_text("At 02:30 (Europe/Berlin)")).to_be_visible()


def test_what_somebody_else_changed_is_not_lost_unseen(visitor: Visitor, product: Product):
    visitor.forgive("409")
    job = recurring(product, "shared")
    page = visitor.open(f"/jobs/{job['id']}/edit")
    page.get_by_label("Description").fill("mine")
    product.ask("PATCH", f"/api/jobs/{job['id']}", {"description": "theirs", "priority": 9})
    page.keyboard.press("Control+s")
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text("theirs", exact=True)).to_be_visible()
    question.get_by_role("button", name="Save mine over it").click()
    expect(page).to_have_url(re.compile(rf"/jobs/{job['id']}$"))
    expect(page.get_by_text("mine", exact=True)).to_be_visible()
    now = product.ask("GET", f"/api/jobs/{job['id']}")[1]["data"]
    assert (now["description"], now["priority"]) == ("mine", 9)


def test_a_suggested_moment_is_filled_in_and_saved_by_nobody_else(
    visitor: Visitor, product: Product
):
    job = recurring(product, "crowded", type="cron", expression="30 2 * * *", timezone="UTC")
    moments = "from=2030-01-01T02:30:00.000Z&to=2030-01-01T02:34:00.000Z"
    page = visitor.open(f"/jobs/{job['id']}/edit?{moments}")
    expect(page.get_by_text("Nothing changes until you save.")).to_be_visible()
    expect(page.get_by_label("Expression")).to_have_value("34 2 * * *")
    path = f"/api/jobs/{job['id']}"
    assert product.ask("GET", path)[1]["data"]["schedule"]["expression"] == "30 2 * * *"
    page.keyboard.press("Control+s")
    expect(page).to_have_url(re.compile(rf"/jobs/{job['id']}$"))
    assert product.ask("GET", path)[1]["data"]["schedule"]["expression"] == "34 2 * * *"


def test_a_start_may_have_a_priority_and_go_beside_what_runs(visitor: Visitor, product: Product):
    job = recurring(product, "long")
    product.ask("PATCH", f"/api/jobs/{job['id']}", {"config": {"script": "sleep 60"}})
    product.ask("POST", f"/api/jobs/{job['id']}/execute", {})
    page = visitor.open(f"/jobs/{job['id']}")
    expect(page.get_by_role("row").filter(has_text="#1").get_by_text("Running")).to_be_visible()
    page.get_by_role("button", name="More ways to run it").click()
    page.get_by_text("With parameters or priority…").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_label("Run beside what is in progress")).to_be_checked()
    question.get_by_label("Priority").select_option("9")
    question.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("row").filter(has_text="#2")).to_be_visible()
    rows = product.ask("GET", f"/api/executions?job_id={job['id']}&include=all")[1]["data"]
    assert {row["number"]: row["priority"] for row in rows} == {1: 5, 2: 9}
    product.ask("POST", f"/api/jobs/{job['id']}/stop", {"force": True})


def test_leaving_asks_before_something_is_lost(visitor: Visitor, product: Product):
    job = recurring(product, "kept")
    page = visitor.open(f"/jobs/{job['id']}/edit")
    page.get_by_label("Description").fill("not saved")
    page.get_by_role("link", name="Executions").first.click()
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(re.compile("/edit$"))
    page.get_by_role("link", name="Executions").first.click()
    page.get_by_role("alertdialog").get_by_role("button", name="Leave").click()
    expect(page).to_have_url(re.compile("/executions$"))


def test_a_pause_says_why_and_ends(visitor: Visitor, product: Product):
    job = recurring(product, "resting", type="cron", expression="0 0 * * *")
    page = visitor.open(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Pause…").click()
    page.get_by_label("Reason").fill("moving house")
    page.get_by_role("alertdialog").get_by_role("button", name="Pause").click()
    banner = page.get_by_role("status").filter(has_text="moving house")
    expect(banner).to_be_visible()
    banner.get_by_role("button", name="Resume").click()
    expect(banner).to_have_count(0)
