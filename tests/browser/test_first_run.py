"""From nobody to many: the first user, signing in, and what each of the others may see."""

import json
import re
import subprocess

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import bearer_of
from tests.browser.visitor import PASSWORD, Visitor, violations
from tests.end_to_end.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

#: Nobody is signed in: the page asks once who uses it, and is told so.
STRANGER = r"^401: GET \S+/api/auth/me$|^console: .*\b401\b"
OTHER_PASSWORD = "velvet canyon thirty owls"


def fill_sign_in(page: Page, username: str, password: str) -> None:
    """Send the form of the sign-in page."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def drawer(page: Page, name: str) -> Locator:
    """Return the open drawer with a title."""
    found = page.get_by_role("dialog", name=name).first
    expect(found).to_be_visible()
    return found


def add_person(product: Product, admin: dict[str, str], username: str, *roles: str) -> str:
    """Make somebody who has signed in before; return the id."""
    made = {"username": username, "password": OTHER_PASSWORD, "roles": list(roles)}
    status, answer = product.ask("POST", "/api/users", made, headers=admin)
    assert status == 201, answer
    given = {"username": username, "password": OTHER_PASSWORD}
    _, told = product.ask("POST", "/api/auth/login", given)
    theirs = {"Authorization": f"Bearer {told['data']['token']}"}
    change = {"current_password": OTHER_PASSWORD, "new_password": PASSWORD}
    assert product.ask("POST", "/api/auth/password", change, headers=theirs)[0] == 200
    return str(answer["data"]["id"])


def test_the_first_admin_is_made_with_the_token_of_the_log(guest: Visitor, guarded: Product):
    guest.forgive(STRANGER)
    guest.forgive(r"^403: POST \S+/setup/admin$|^console: .*\b403\b")
    page = guest.open("/", for_axe=True)
    expect(page).to_have_url(re.compile("/welcome$"))
    expect(page.get_by_role("heading", name="Welcome to OneOff")).to_be_visible()
    assert violations(page) == []

    # Through a proxy nobody can tell where one sits: the token of the log is asked for.
    page.context.set_extra_http_headers({"X-Forwarded-For": "203.0.113.7"})
    page.reload()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_label("Token").fill("guessed")
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_role("alert").first).to_be_visible()

    found = re.search(r"with the token (\w+)", guarded.log.read_text())
    assert found
    page.get_by_label("Token").fill(found[1])
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_text("«admin» has been made.")).to_be_visible()
    page.get_by_role("link", name="Go to the jobs").click()
    expect(page).to_have_url(re.compile("/(overview|jobs)$"))
    expect(page.get_by_role("button", name="Account")).to_contain_text("admin")
    page.goto("/welcome")
    expect(page.get_by_text("The first user has been made. Sign in.")).to_be_visible()


def test_signing_in_leads_back_and_signing_out_ends_it(guest: Visitor, admin):
    guest.forgive(STRANGER)
    guest.forgive(r"^401: POST \S+/login")
    page = guest.open("/executions?status=failed")
    expect(page.get_by_role("heading", name="Sign in to OneOff")).to_be_visible()
    expect(page.get_by_text("Your session has ended.")).to_have_count(0)
    fill_sign_in(page, "admin", "not the password")
    expect(page.get_by_text("Wrong username or password.")).to_be_visible()
    fill_sign_in(page, "admin", PASSWORD)
    expect(page).to_have_url(re.compile(r"/executions\?status=failed$"))
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()

    page.get_by_role("button", name="Account").click()
    page.get_by_text("Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/jobs")
    expect(page).to_have_url(re.compile("/login"))


def test_a_session_that_ends_meanwhile_leads_back_to_the_same_page(guest: Visitor, guarded, admin):
    guest.forgive(r"^401: |^console: .*\b401\b")
    page = guest.open("/variables?q=zone", as_whom="admin")
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
    ended = guarded.ask("POST", "/api/auth/logout-all", headers=bearer_of(guarded, "admin"))
    assert ended[0] in {200, 204}
    expect(page).to_have_url(re.compile(r"/login\?.*next=%2Fvariables%3Fq%3Dzone"))
    expect(page.get_by_text("Your session has ended. Sign in again.")).to_be_visible()
    fill_sign_in(page, "admin", PASSWORD)
    expect(page).to_have_url(re.compile(r"/variables\?q=zone$"))


def test_a_new_person_chooses_a_password_and_sees_no_more_than_allowed(guest: Visitor, admin):
    guest.forgive(STRANGER)
    page = guest.open("/users", as_whom="admin")
    page.get_by_role("button", name="New user").click()
    form = drawer(page, "New user")
    form.get_by_label("Username").fill("ha.vu")
    form.get_by_role("checkbox", name=re.compile("^viewer")).check()
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_text("shown only this once")).to_be_visible()
    password = form.locator("code").first.inner_text()
    form.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="ha.vu")).to_contain_text("viewer")
    assert password not in page.content()

    theirs = guest.open("/jobs")
    fill_sign_in(theirs, "ha.vu", password)
    expect(theirs.get_by_role("heading", name="Choose a new password")).to_be_visible()
    theirs.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
    theirs.get_by_label("New password again").fill(OTHER_PASSWORD)
    theirs.get_by_role("button", name="Save and sign in").click()
    expect(theirs).to_have_url(re.compile("/jobs$"))
    expect(theirs.get_by_text("No jobs yet")).to_be_visible()
    expect(theirs.get_by_role("link", name="New job")).to_have_count(0)
    rail = theirs.get_by_role("navigation", name="Main")
    expect(rail.get_by_role("link", name="Webhooks")).to_be_visible()
    for hidden in ("Users & roles", "Audit", "Settings"):
        expect(rail.get_by_role("link", name=hidden)).to_have_count(0)


def test_somebody_else_sees_what_belongs_to_the_projects_and_no_more(
    guest: Visitor, guarded: Product, admin
):
    guest.forgive(r"^404: GET \S+/api/jobs/|^console: .*\b404\b")
    lan = add_person(guarded, admin, "lan", "user")
    _, shop = guarded.ask("POST", "/api/projects", {"name": "Shop"}, headers=admin)
    place = f"/api/projects/{shop['data']['id']}/members/{lan}"
    assert guarded.ask("PUT", place, headers=admin)[0] == 200
    ours, hidden = (
        guarded.ask("POST", "/api/jobs", body, headers=admin)[1]["data"]
        for body in (
            manual("stock-sync", project_id=shop["data"]["id"]),
            manual("payroll-transfer"),
        )
    )

    page = guest.open("/jobs", as_whom="lan")
    expect(page.get_by_role("link", name="stock-sync")).to_be_visible()
    expect(page.get_by_text("payroll-transfer")).to_have_count(0)
    page.get_by_role("link", name="stock-sync").click()
    expect(page.get_by_role("heading", name="stock-sync")).to_be_visible()
    expect(page.get_by_role("button", name="Run now")).to_be_visible()
    for forbidden in ("Edit", "Delete…"):
        expect(page.get_by_role("button", name=forbidden, exact=True)).to_have_count(0)
        expect(page.get_by_role("link", name=forbidden, exact=True)).to_have_count(0)

    page.goto(f"/jobs/{hidden['id']}")
    expect(page.get_by_text("Nothing lives at this address.")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("payroll-transfer")
    del ours


def manual(name: str, **more: object) -> dict[str, object]:
    """Return a job that only runs when it is told to."""
    config = {"script": "echo done"}
    return {"name": name, "type": "shell", "config": config, "schedule": {"type": "manual"}} | more


def test_a_role_of_ones_own_is_made_changed_and_deleted(guest: Visitor, admin):
    page = guest.open("/roles", as_whom="admin")
    page.get_by_role("button", name="New role").click()
    form = drawer(page, "New role")
    form.get_by_label("Name", exact=True).fill("night-shift")
    for permission in ("job:read", "job:execute"):
        form.get_by_role("checkbox", name=permission, exact=True).check()
    form.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="night-shift").click()
    form = drawer(page, "Role «night-shift»")
    expect(form.get_by_role("checkbox", name="job:execute", exact=True)).to_be_checked()
    expect(form.get_by_role("checkbox", name="job:write", exact=True)).not_to_be_checked()
    form.get_by_role("button", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="night-shift")).to_have_count(0)


def test_a_key_is_shown_once_and_its_command_works(guest: Visitor, guarded: Product, admin):
    page = guest.open("/api-keys", as_whom="admin")
    page.get_by_role("button", name="New key").first.click()
    form = drawer(page, "New key")
    form.get_by_label("Name", exact=True).fill("deploy-robot")
    read = form.get_by_role("checkbox", name=re.compile("^read"))
    read.check()
    form.get_by_role("button", name="Create").click()
    expect(form.get_by_text("shown only this once")).to_be_visible()
    key = form.locator("code").first.inner_text()
    command = form.locator("pre").inner_text()
    assert key in command
    done = subprocess.run(["bash", "-c", f"{command} -sf"], capture_output=True, check=True)
    assert "data" in json.loads(done.stdout)

    form.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="deploy-robot")
    expect(row).to_be_visible()
    assert key not in page.content()
    page.reload()
    expect(row).to_be_visible()
    assert key not in page.content()

    row.get_by_role("button", name="Revoke deploy-robot").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(row.get_by_text("Revoked")).to_be_visible()
    until(lambda: status_with(guarded, key) == 401, 5, "the key is refused")


def status_with(product: Product, key: str) -> int:
    """Return what a request with a key is answered."""
    return int(product.ask("GET", "/api/jobs", headers={"Authorization": f"Bearer {key}"})[0])


def test_the_audit_log_shows_who_did_it(guest: Visitor, guarded: Product, admin):
    status, _ = guarded.ask("POST", "/api/projects", {"name": "Warehouse"}, headers=admin)
    assert status == 201
    page = guest.open("/audit", as_whom="admin")
    row = page.get_by_role("row").filter(has_text="Warehouse").first
    expect(row).to_contain_text("user:admin")
    row.get_by_role("button", name=re.compile("project")).click()
    entry = page.get_by_role("dialog").first
    expect(entry.get_by_text("Warehouse").first).to_be_visible()
    expect(entry.get_by_text("Done", exact=True)).to_be_visible()


def test_a_setting_is_changed_and_holds(guest: Visitor, guarded: Product, admin):
    page = guest.open("/settings/timezone", as_whom="admin")
    field = page.get_by_label("Default time zone")
    field.fill("Mars/Olympus")
    guest.forgive(r"^400: PATCH \S+/api/settings/timezone$|^console: .*\b400\b")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    field.fill("Asia/Ho_Chi_Minh")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()
    _, told = guarded.ask("GET", "/api/settings/timezone", headers=admin)
    assert told["data"]["iana"] == "Asia/Ho_Chi_Minh"

    page.get_by_role("link", name="Appearance").click()
    page.get_by_role("radio", name="Light").check()
    page.get_by_role("radio", name="Tiếng Việt").check()
    expect(page.locator("html[data-theme=light]")).to_have_attribute("lang", "vi")
    page.reload()
    expect(page.locator("html[data-theme=light]")).to_have_attribute("lang", "vi")
