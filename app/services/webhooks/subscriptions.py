"""Webhooks as people see them: making, changing, rotating and trying them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import signing
from app.domain.clock import now
from app.domain.errors import Conflict, Fault, Invalid, NotFound, shorten
from app.domain.ids import new_id, normalise_id
from app.domain.outbound import OutboundPolicy
from app.domain.web_address import check_url
from app.models import Project, Webhook
from app.services.access import sight
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.webhooks import deliveries, outbox, secrets

LISTING = Listing(Webhook.id, {"created_at": Order(Webhook.created_at)}, "created_at", "desc")
#: An event is matched against all of them.
MOST = 500
_PLAIN = (
    "id",
    "name",
    "url",
    "events",
    "project_id",
    "is_active",
    "disabled_reason",
    "failures",
    "paused_until",
    "created_by",
    "created_at",
    "updated_at",
)


def page(session: Session, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of webhooks, the newest first."""
    ids, cursor = LISTING.ids(session, Scope(), wanted)
    query = sa.select(Webhook).where(Webhook.id.in_(ids))
    found = {webhook.id: webhook for webhook in session.scalars(query)}
    rows = [wire(found[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(Webhook.id))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def get(session: Session, webhook_id: str, *, lock: bool = False) -> Webhook:
    """Return a webhook. Raises :class:`NotFound`."""
    known = normalise_id(webhook_id)
    found = session.get(Webhook, known, with_for_update=lock or None) if known else None
    if found is None:
        raise NotFound("webhook not found")
    return found


def create(
    session: Session, values: Mapping[str, Any], actor: str, policy: OutboundPolicy
) -> dict[str, Any]:
    """Make a webhook; only this answer holds its secret, if it was given one."""
    values = {"project_id": None, **values}
    _vet(session, values, policy)
    _refuse_too_many(session)
    moment = now()
    webhook_id = new_id()
    webhook = Webhook(
        id=webhook_id,
        name=values["name"],
        url=values["url"],
        secrets=secrets.only(webhook_id, values.get("secret")),
        events=values["events"],
        project_id=values.get("project_id"),
        is_active=values.get("is_active", True),
        last_sequence=0,
        failures=0,
        created_by=actor,
        created_at=moment,
        updated_at=moment,
    )
    session.add(webhook)
    session.flush()
    outbox.forget(session)
    shown = {"secret": values["secret"]} if values.get("secret") else {}
    return wire(webhook) | shown


def update(
    session: Session, webhook_id: str, values: Mapping[str, Any], policy: OutboundPolicy
) -> dict[str, Any]:
    """Change what is given of a webhook; in all processes it holds within a second.

    Switching it off fails what is on its way; switching it on forgets its failures.
    """
    webhook = get(session, webhook_id, lock=True)
    _vet(session, values, policy)
    for name in ("name", "url", "events", "project_id"):
        if name in values:
            setattr(webhook, name, values[name])
    if "secret" in values:
        webhook.secrets = secrets.only(webhook.id, values["secret"])
    is_active = values.get("is_active", webhook.is_active)
    if not is_active and webhook.is_active:
        deliveries.disable(session, webhook, None)
    elif is_active and ("is_active" in values or "url" in values):
        webhook.is_active, webhook.disabled_reason = True, None
        webhook.failures, webhook.paused_until = 0, None
    webhook.updated_at = now()
    session.flush()
    outbox.forget(session)
    return wire(webhook)


def rotate_secret(session: Session, webhook_id: str) -> dict[str, Any]:
    """Give a webhook a new secret; only this answer holds it. The old one signs for 24 h more."""
    webhook = get(session, webhook_id, lock=True)
    fresh = signing.new_secret()
    webhook.secrets = secrets.rotated(webhook.id, webhook.secrets, fresh)
    webhook.updated_at = now()
    session.flush()
    return wire(webhook) | {"secret": fresh}


def delete(session: Session, webhook_id: str) -> None:
    """Forget a webhook and its deliveries."""
    session.delete(get(session, webhook_id, lock=True))
    session.flush()
    outbox.forget(session)


def _vet(session: Session, values: Mapping[str, Any], policy: OutboundPolicy) -> None:
    """Raise :class:`Invalid` with all that is wrong with these values."""
    faults = []
    if "url" in values and (text := _url_fault(values["url"], policy)):
        faults.append(Fault("url", text, shorten(values["url"])))
    if values.get("secret"):
        try:
            signing.key_of(values["secret"])
        except ValueError as error:
            faults.append(Fault("secret", str(error), "***"))
    if "project_id" in values and not _has_project(session, values["project_id"]):
        faults.append(Fault("project_id", "project not found", shorten(values["project_id"])))
    if faults:
        raise Invalid(faults)


def _has_project(session: Session, project_id: str | None) -> bool:
    """Return whether its events may be told: those of all only to who sees all of them."""
    is_there = project_id is None or session.get(Project, project_id) is not None
    return is_there and sight.sees_whole(project_id)


def _url_fault(url: str, policy: OutboundPolicy) -> str | None:
    try:
        return check_url(url).refusal(policy)
    except ValueError as error:
        return str(error)


def _refuse_too_many(session: Session) -> None:
    with sight.unlimited():
        number = session.scalar(sa.select(sa.func.count()).select_from(Webhook)) or 0
    if number >= MOST:
        raise Conflict(f"there are {number} webhooks already; {MOST} is the most")


def wire(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as it goes on the wire, without its secret."""
    found = {name: getattr(webhook, name) for name in _PLAIN}
    for name in ("disabled_reason", "paused_until"):
        if found[name] is None:
            del found[name]
    return found | {"has_secret": secrets.are_given(webhook.secrets)}
