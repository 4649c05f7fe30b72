"""Deliveries: taken by who sends them, sent, recorded, tried again.

A try belongs to who has raised ``attempts``; whoever died over one loses it with the lease. Then
the same message goes out again under the same id: receivers get each at least once.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import signing
from app.domain.clock import now
from app.domain.webhooks import TEST, delay_seconds, pause_seconds, wish_seconds
from app.gateways.cipher import KeyMissing
from app.gateways.http import Answer, CallFailed, Door
from app.models import Webhook, WebhookDelivery
from app.services import tallies, tracing
from app.services.webhooks import secrets

PENDING, SUCCESS, FAILED = "pending", "success", "failed"
STATUSES = (PENDING, SUCCESS, FAILED)
DISABLED = "Webhook disabled"
UNREADABLE = "its secret can't be decrypted; give it a new one"
USER_AGENT = "OneOff-Webhook/1.0"
#: So much of an answer is kept, in characters.
KEPT = 1024
#: Beyond the time a receiver has, a try may last so long before it counts as dead.
LEASE_MARGIN_SECONDS = 15.0
_GONE = 410

#: Spelt as in the partial index: the databases use that only for the same words.
_IS_PENDING = sa.text("webhook_deliveries.status = 'pending'")
_IS_FREE = sa.or_(WebhookDelivery.lease_until.is_(None), WebhookDelivery.lease_until < db_now())
_DUE = (_IS_PENDING, WebhookDelivery.next_retry_at <= db_now(), _IS_FREE)
_IS_OPEN = (
    Webhook.is_active,
    sa.or_(Webhook.paused_until.is_(None), Webhook.paused_until <= db_now()),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver; ``number`` counts the tries and is the right to record this one."""

    id: str
    webhook_id: str
    url: str
    secrets: tuple[str, ...]
    event_type: str
    sequence: int
    payload: str
    number: int
    #: The trace of the execution that it tells of, if that is recorded.
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """Return what is sent with the payload; the timestamp, and so the signature, is fresh."""
        body, moment = self.payload.encode(), int(now().timestamp())
        found = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-OneOff-Event": self.event_type,
            "X-OneOff-Delivery": self.id,
            "X-OneOff-Sequence": str(self.sequence),
            "webhook-id": self.id,
            "webhook-timestamp": str(moment),
        }
        if self.secrets:
            entries = [signing.sign(secret, self.id, moment, body) for secret in self.secrets]
            found["webhook-signature"] = " ".join(entries)
            found["X-OneOff-Signature"] = signing.sign_body(self.secrets[0], body)
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended: an answer, or the reason why there is none."""

    answer: Answer | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken it: any status from 200 to 299."""
        return self.answer is not None and 200 <= self.answer.status < 300


def due_webhooks(session: Session, limit: int) -> list[str]:
    """Return webhooks with a delivery that is due and in nobody's hands, in no order."""
    due = sa.exists().where(WebhookDelivery.webhook_id == Webhook.id, *_DUE)
    query = sa.select(Webhook.id).where(*_IS_OPEN, due).order_by(sa.func.random()).limit(limit)
    return list(session.scalars(query))


def claim(session: Session, webhook_id: str, lease: float) -> Attempt | None:
    """Take the next due delivery of a webhook; ``None`` if there is none or it is paused."""
    webhook = session.scalar(sa.select(Webhook).where(Webhook.id == webhook_id, *_IS_OPEN))
    if webhook is None:
        return None
    chosen = (
        sa.select(WebhookDelivery.id)
        .where(WebhookDelivery.webhook_id == webhook_id, *_DUE)
        .order_by(WebhookDelivery.next_retry_at, WebhookDelivery.sequence)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("chosen")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return _take(session, webhook, lease, WebhookDelivery.id.in_(sa.select(chosen.c.id)))


def claim_one(session: Session, webhook: Webhook, delivery_id: str, lease: float) -> Attempt | None:
    """Take a certain delivery, if it waits and is in nobody's hands."""
    return _take(session, webhook, lease, WebhookDelivery.id == delivery_id, _IS_PENDING, _IS_FREE)


def _take(
    session: Session, webhook: Webhook, lease: float, *where: sa.ColumnElement[bool] | sa.TextClause
) -> Attempt | None:
    try:
        keys = secrets.in_use(webhook.id, webhook.secrets)
    except KeyMissing:  # without a signature nothing may go out
        disable(session, webhook, UNREADABLE)
        return None
    row = session.execute(
        sa.update(WebhookDelivery)
        .where(*where)
        .values(attempts=WebhookDelivery.attempts + 1, lease_until=db_now(lease))
        .returning(
            WebhookDelivery.id,
            WebhookDelivery.event_type,
            WebhookDelivery.sequence,
            WebhookDelivery.payload,
            WebhookDelivery.attempts,
        )
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    return Attempt(
        row.id,
        webhook.id,
        webhook.url,
        keys,
        row.event_type,
        row.sequence,
        row.payload,
        row.attempts,
        _traceparent(session, row.payload) if tracing.is_on() else None,
    )


def _traceparent(session: Session, payload: str) -> str | None:
    told = orjson.loads(payload).get("data") or {}
    execution_id = (told.get("execution") or {}).get("id")
    return tracing.place_of(session, execution_id) if execution_id else None


def send(attempt: Attempt, door: Door) -> Outcome:
    """Send a delivery; no unit of work is open meanwhile."""
    with tracing.begin_delivery(attempt.traceparent, attempt.url) as span:
        outcome = _sent(attempt, door, tracing.headers(span))
        status = outcome.answer.status if outcome.answer else None
        tracing.end_call(span, status, "" if status else "unanswered")
    return outcome


def _sent(attempt: Attempt, door: Door, more: Mapping[str, str]) -> Outcome:
    headers = {**attempt.headers(), **more}
    try:
        answer = door.post(attempt.url, headers, attempt.payload.encode())
    except CallFailed as failure:
        return Outcome(error=str(failure))
    if 200 <= answer.status < 300:
        return Outcome(answer)
    moved = "; redirects are not followed" if 300 <= answer.status < 400 else ""
    return Outcome(answer, f"the receiver answered {answer.status}{moved}")


def record(session: Session, attempt: Attempt, outcome: Outcome, max_retries: int) -> str | None:
    """Write how a try ended; return the delivery's status, ``None`` if the try was lost."""
    if outcome.is_success:
        mend = sa.update(Webhook).where(Webhook.id == attempt.webhook_id, Webhook.failures > 0)
        session.execute(mend.values(failures=0, paused_until=None))
        return _end(session, attempt, outcome, SUCCESS)
    webhook = session.get(Webhook, attempt.webhook_id, with_for_update=True)
    if webhook is None:
        return None
    is_gone = outcome.answer is not None and outcome.answer.status == _GONE
    is_last = is_gone or attempt.event_type == TEST or attempt.number > max_retries
    pause = 0.0 if attempt.event_type == TEST else _note_failure(webhook, outcome)
    if is_last or not webhook.is_active:
        status = _end(session, attempt, outcome, FAILED)
    else:
        delay = max(delay_seconds(attempt.number, random.random()), pause)  # noqa: S311 - jitter
        status = _write(session, attempt, outcome, {"next_retry_at": db_now(delay)}, PENDING)
    if is_gone and status is not None:
        disable(session, webhook, "the receiver answered 410 (gone)")
    return status


def _note_failure(webhook: Webhook, outcome: Outcome) -> float:
    """Count a failure of an endpoint; return the seconds for which its receiver asked."""
    webhook.failures += 1
    wish = wish_seconds(outcome.answer.retry_after, _seconds_until) if outcome.answer else None
    pause = max(pause_seconds(webhook.failures), wish or 0.0)
    if pause:
        webhook.paused_until = now() + timedelta(seconds=pause)
    return wish or 0.0


def _seconds_until(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment.timestamp() - now().timestamp()


def _end(session: Session, attempt: Attempt, outcome: Outcome, status: str) -> str | None:
    ended = {"status": status, "completed_at": now(), "next_retry_at": None}
    written = _write(session, attempt, outcome, ended, status)
    if written is not None:
        tallies.add(session, "webhooks", status)
    return written


def _write(
    session: Session, attempt: Attempt, outcome: Outcome, values: Mapping[str, object], status: str
) -> str | None:
    answer = outcome.answer
    told = {
        "lease_until": None,
        "response_code": answer.status if answer else None,
        "response_body": _kept(answer.body, attempt.secrets) if answer else None,
        "error": outcome.error,
    }
    mine = (
        WebhookDelivery.id == attempt.id,
        WebhookDelivery.attempts == attempt.number,
        _IS_PENDING,
    )
    update = sa.update(WebhookDelivery).where(*mine).values({**told, **values})
    found = session.execute(
        update.returning(WebhookDelivery.id).execution_options(synchronize_session=False)
    )
    return None if found.first() is None else status


def _kept(body: bytes, hidden: Sequence[str]) -> str:
    """Return the beginning of an answer as text, without secrets of ours that came back."""
    text = body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    for secret in hidden:
        for form in (secret, orjson.dumps(secret).decode()[1:-1]):
            text = text.replace(form, "***")
    return text[:KEPT]


def disable(session: Session, webhook: Webhook, reason: str | None) -> None:
    """Switch a webhook off; what is on its way to it has failed."""
    webhook.is_active, webhook.disabled_reason, webhook.updated_at = False, reason, now()
    session.flush()
    fail_pending(session, DISABLED, WebhookDelivery.webhook_id == webhook.id)


def fail_pending(session: Session, error: str, *where: sa.ColumnElement[bool]) -> None:
    """End deliveries that are on their way as failed, to all webhooks unless ``where`` says less.

    They can be replayed.
    """
    ended = session.scalars(
        sa.update(WebhookDelivery)
        .where(_IS_PENDING, *where)
        .values(
            status=FAILED,
            error=error,
            completed_at=now(),
            next_retry_at=None,
            lease_until=None,
        )
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        tallies.add(session, "webhooks", FAILED, len(ended))
