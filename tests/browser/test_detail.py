"""The pages of one job, one execution and one group of dead letters, as somebody uses them."""

import re
from typing import Any

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

BAD = "echo sending $1; echo field phone is wrong >&2; exit ${2:-3}"


def make(product: Product, name: str, script: str = "true", **over: Any) -> dict[str, Any]:
    """Make a job that is started by hand; return it."""
    body = {"name": name, "type": "shell", "config": {"script": script}} | over
    body.setdefault("schedule", {"type": "manual"})
    status, answer = product.ask("POST", "/api/jobs", body)
    assert status == 201, answer
    made: dict[str, Any] = answer["data"]
    return made


def start(product: Product, job: dict[str, Any], *args: str) -> str:
    """Start a job; return the id of its execution."""
    answer = product.ask("POST", f"/api/jobs/{job['id']}/execute", {"args": list(args)})[1]
    return str(answer["data"]["execution_id"])


def status_of(product: Product, execution_id: str) -> str:
    """Return how an execution stands."""
    return str(product.ask("GET", f"/api/executions/{execution_id}")[1]["data"]["status"])


def run(product: Product, job: dict[str, Any], *args: str) -> str:
    """Start a job and wait for its end; return the id of its execution."""
    execution_id = start(product, job, *args)
    ends = {"completed", "failed", "dead_letter"}
    until(lambda: status_of(product, execution_id) in ends, 30, "an end")
    return execution_id


def line(page: Page, version: int):
    """Return the line of a revision."""
    return page.get_by_role("listitem").filter(
        has=page.get_by_role("button", name=f"rev {version}", exact=True)
    )


def test_a_job_goes_back_to_what_it_was(visitor: Visitor, product: Product):
    job = make(product, "changing", "echo one\necho two")
    edit = {"config": {"script": "echo one\necho three"}, "priority": 9}
    product.ask("PATCH", f"/api/jobs/{job['id']}", edit)
    page = visitor.open(f"/jobs/{job['id']}/definition")
    expect(line(page, 2).get_by_text("config.script")).to_be_visible()
    line(page, 2).get_by_role("button", name="rev 2").click()
    expect(page.get_by_role("cell", name="echo two")).to_be_visible()
    expect(page.get_by_role("cell", name="echo three")).to_be_visible()

    line(page, 1).get_by_role("button", name="Restore").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text("as revision 3")).to_be_visible()
    question.get_by_role("button", name="Restore").click()
    expect(line(page, 3).get_by_text("on this page")).to_be_visible()
    now = product.ask("GET", f"/api/jobs/{job['id']}")[1]["data"]
    assert (now["spec"]["script"], now["priority"]) == ("echo one\necho two", 5)


def test_a_job_says_what_it_has_to_do_with_and_who_hears_of_it(visitor: Visitor, product: Product):
    variable = {"name": "BANK_KEY", "value": "s3cret", "is_sensitive": True, "scope": "global"}
    assert product.ask("POST", "/api/variables", variable)[0] == 201
    job = make(product, "linked", "echo $BANK_KEY", notify_emails="ops@example.com")
    product.ask("POST", "/api/chains", {"name": "Month close", "job_ids": [job["id"]]})
    page = visitor.open(f"/jobs/{job['id']}")
    connected = page.get_by_role("region", name="Connected")
    expect(connected.get_by_text("link 1 of 1")).to_be_visible()
    expect(connected.get_by_text("BANK_KEY")).to_be_visible()
    expect(connected.get_by_text("secret", exact=True)).to_be_visible()
    page.get_by_role("link", name="Notifications").click()
    expect(page.get_by_text("ops@example.com")).to_be_visible()
    page.get_by_role("link", name="Changes").click()
    page.get_by_role("button", name="jobs.create_job").click()
    expect(page.get_by_role("dialog").get_by_text("anonymous")).to_be_visible()


def test_a_paused_job_goes_on_as_one_chooses(visitor: Visitor, product: Product):
    job = make(product, "rests", schedule={"type": "cron", "expression": "0 0 1 1 *"})
    product.ask("POST", f"/api/jobs/{job['id']}/pause", {"reason": "bank holiday"})
    page = visitor.open(f"/jobs/{job['id']}")
    banner = page.get_by_role("status").filter(has_text="bank holiday")
    banner.get_by_label("Missed moments").select_option("skip")
    banner.get_by_role("button", name="Resume").click()
    expect(banner).to_have_count(0)
    assert product.ask("GET", f"/api/jobs/{job['id']}")[1]["data"]["status"] == "scheduled"


def test_a_clone_takes_all_over_but_its_moment(visitor: Visitor, product: Product):
    job = make(product, "pattern", priority=9)
    page = visitor.open(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Clone", exact=True).click()
    question = page.get_by_role("alertdialog")
    question.get_by_label("Name").fill("pattern for today")
    question.get_by_label("Once, now").check()
    question.get_by_role("button", name="Clone job").click()
    expect(page.get_by_role("heading", name="pattern for today")).to_be_visible()
    made = product.ask("GET", f"/api/jobs/{page.url.rsplit('/', 1)[1]}")[1]["data"]
    assert (made["priority"], made["schedule"]["type"]) == (9, "once")


def test_a_failure_is_compared_with_the_last_good_one(visitor: Visitor, product: Product):
    job = make(product, "unsteady", BAD)
    run(product, job, "contact 1", "0")
    page = visitor.open(f"/executions/{run(product, job, 'contact 2')}")
    expect(page.get_by_role("alert").get_by_text("EXIT_CODE")).to_be_visible()
    page.get_by_role("link", name="Compare with last good").click()
    expect(page.get_by_text("Both ran revision 1.")).to_be_visible()
    expect(page.get_by_role("cell", name="sending contact 1")).to_be_visible()
    expect(page.get_by_role("cell", name="sending contact 2")).to_be_visible()
    expect(page.get_by_role("row", name="Exit code 0 3")).to_be_visible()
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_text("Somebody started it by hand")).to_be_visible()


def test_what_waits_says_for_what_and_a_second_press_ends_what_runs(
    visitor: Visitor, product: Product
):
    job = make(product, "slow", "trap '' TERM; sleep 60 & wait; sleep 60", overlap="queue")
    first = start(product, job)
    until(lambda: status_of(product, first) == "running", 30, "a start")
    waiting = start(product, job)
    page = visitor.open(f"/executions/{waiting}")
    why = page.get_by_role("region", name="Why?")
    expect(why.get_by_text("It waits until execution")).to_be_visible()
    expect(page.get_by_role("region", name="Log")).to_contain_text("Waiting")
    why.get_by_role("link").click()
    expect(page).to_have_url(re.compile(first))

    page.get_by_role("button", name=re.compile("^Cancel")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel execution").click()
    force = page.get_by_role("button", name=re.compile("^Stop by force"))
    ended = page.get_by_text("Cancelled").first
    expect(force.or_(ended).first).to_be_visible()
    if force.is_visible():
        visitor.forgive("409")  # it may end by itself just before
        force.click()
    expect(ended).to_be_visible()
    product.ask("POST", f"/api/jobs/{job['id']}/cancel", {"force": True})


def test_dead_letters_show_what_was_different(visitor: Visitor, product: Product):
    retry = {"max_retries": 1, "strategy": "fixed", "base_seconds": 0.1, "jitter": 0}
    job = make(product, "dying", BAD, retry=retry, overlap="allow")
    run(product, job, "good", "0")
    run(product, job, "contact 7")
    groups = "/api/dead-letters/groups"
    until(lambda: product.ask("GET", groups)[1]["data"], 30, "a dead letter")
    page = visitor.open("/dead-letters")
    expect(page.get_by_role("img", name="Died on each of the last 7 days")).to_be_visible()
    compared = page.get_by_role("region", name="Compared with the last good one").first
    expect(compared.get_by_text("Both ran revision 1.")).to_be_visible()
    expect(compared.get_by_role("cell", name='"contact 7"')).to_be_visible()


def test_a_spec_is_tried_before_it_is_saved_and_a_draft_is_kept(visitor: Visitor, product: Product):
    page = visitor.open("/jobs/new")
    page.get_by_label("Name", exact=True).fill("thought of")
    page.locator(".cm-content").first.click()
    page.keyboard.type("echo tried out")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("log").get_by_text("tried out")).to_be_visible()
    names = [job["name"] for job in product.ask("GET", "/api/jobs")[1]["data"]]
    assert "Try: thought of" in names
    assert "thought of" not in names

    page.evaluate("window.onbeforeunload = null")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Take it up again").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("thought of")
    expect(page.locator(".cm-content").first).to_contain_text("echo tried out")


def test_everybody_can_use_these_pages(visitor: Visitor, product: Product):
    job = make(product, "for all", BAD)
    run(product, job, "a", "0")
    failed = run(product, job, "b")
    product.ask("PATCH", f"/api/jobs/{job['id']}", {"priority": 7})
    places = [
        f"/jobs/{job['id']}",
        f"/jobs/{job['id']}/definition?rev=2",
        f"/jobs/{job['id']}/notifications",
        f"/jobs/{job['id']}/changes",
        f"/executions/{failed}?tab=compare",
        f"/executions/{failed}?tab=events",
        "/jobs/new",
    ]
    page = settled(visitor.open("/jobs", for_axe=True))
    found = {}
    for place in places:
        go(page, place)
        for theme, language in LOOKS:
            look(page, theme, language)
            for size in (WIDE, PHONE):
                resize(page, size)
                found[place, theme, size] = violations(page)
                assert not is_too_wide(page) or size == WIDE, (place, language)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
