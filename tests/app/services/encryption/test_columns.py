"""What older releases left in clear is encrypted at the first start, once, by whoever comes."""

import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from app import db
from app.db import reading, transaction
from app.domain.outbound import OutboundPolicy
from app.gateways import cipher
from app.models import Webhook
from app.services import encryption
from app.services.encryption.columns import SEALED, in_clear
from app.services.webhooks import deliveries, outbox, secrets, subscriptions
from app.settings import Settings

OLD = "whsec_" + "b2xkIHNlY3JldCBvZiBhIHdlYmhvb2s="
OLDER = "an older secret of it"


@pytest.fixture(autouse=True)
def _same_cipher_afterwards(database):
    before = cipher.current()
    yield
    cipher._cipher = before


def webhook(clear: str | None = None) -> str:
    """Make a webhook; ``clear`` is what a release before encryption stored for it."""
    with transaction() as session:
        values = {"name": "w", "url": "https://example.com/", "events": "job.failed"}
        made = subscriptions.create(session, values, "test", OutboundPolicy())
        if clear is not None:
            change = sa.update(Webhook).where(Webhook.id == made["id"]).values(secrets=clear)
            session.execute(change)
        return str(made["id"])


def stored(webhook_id: str) -> str:
    with reading() as session:
        return str(session.scalars(sa.select(Webhook.secrets).filter_by(id=webhook_id)).one())


def unlock(folder: Path) -> None:
    with transaction() as session:
        encryption.unlock(session, Settings(data_dir=folder))


CLEAR = orjson.dumps(
    [{"secret": OLD}, {"until": "2099-01-01T00:00:00.000Z", "secret": OLDER}]
).decode()


def test_what_was_in_clear_is_encrypted_and_signs_as_before(tmp_path):
    old, without = webhook(CLEAR), webhook("[]")
    unlock(tmp_path)
    assert OLD not in stored(old)
    assert cipher.key_named(stored(old)) == cipher.current().newest
    assert secrets.in_use(old, stored(old)) == (OLD, OLDER)
    assert stored(without) == "[]"
    assert secrets.in_use(without, stored(without)) == ()
    before = stored(old)
    unlock(tmp_path)
    assert stored(old) == before


def test_many_first_starts_at_once_encrypt_once(tmp_path):
    ids = [webhook(CLEAR) for _ in range(20)]
    unlock(tmp_path / "key")  # makes the key; then all is put back in clear
    with transaction() as session:
        session.execute(sa.update(Webhook).values(secrets=CLEAR))
    failures = []

    def start() -> None:
        try:
            unlock(tmp_path / "key")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(secrets.in_use(one, stored(one)) == (OLD, OLDER) for one in ids)


def test_killed_in_the_middle_it_is_done_by_the_next_start(tmp_path):
    ids = [webhook(CLEAR) for _ in range(5)]
    unlock(tmp_path)
    with transaction() as session:
        session.execute(sa.update(Webhook).values(secrets=CLEAR))
    script = f"""
import os
from app import db
from app.services import encryption
from app.services.encryption.columns import Sealed
from app.settings import Settings
replace, done = Sealed.replace, []
def third_kills(*args):
    done.append(replace(*args))
    if len(done) == 3:
        os.kill(os.getpid(), 9)
Sealed.replace = third_kills
db.configure({db.engine().url.render_as_string(hide_password=False)!r})
with db.transaction() as session:
    encryption.unlock(session, Settings(data_dir={str(tmp_path)!r}))
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -9
    with reading() as session:
        assert len(in_clear(session, SEALED[0])) == 5
    unlock(tmp_path)
    assert all(secrets.in_use(one, stored(one)) == (OLD, OLDER) for one in ids)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_on_sqlite_no_trace_of_the_clear_text_stays_in_the_files(tmp_path):
    for _ in range(50):
        webhook(CLEAR)
    unlock(tmp_path)
    path = Path(str(db.engine().url.database))
    for file in path.parent.glob(path.name + "*"):
        assert OLD.encode() not in file.read_bytes(), file.name


def test_a_secret_in_clear_or_of_another_row_signs_nothing():
    one, other = webhook(CLEAR), webhook()
    with transaction() as session:
        moved = secrets.only(one, OLD)
        session.execute(sa.update(Webhook).filter_by(id=other).values(secrets=moved))
    for webhook_id in (one, other):
        with pytest.raises(cipher.KeyMissing):
            secrets.in_use(webhook_id, stored(webhook_id))
        with transaction() as session:
            outbox.add_test(session, webhook_id)
            assert deliveries.claim(session, webhook_id, 10) is None
        with reading() as session:
            shown = subscriptions.wire(subscriptions.get(session, webhook_id))
        assert shown["disabled_reason"] == deliveries.UNREADABLE
        assert shown["has_secret"]
        with transaction() as session:
            fresh = subscriptions.rotate_secret(session, webhook_id)["secret"]
        assert secrets.in_use(webhook_id, stored(webhook_id)) == (fresh,)


def test_every_way_to_give_a_secret_stores_it_encrypted():
    with transaction() as session:
        values = {"name": "w", "url": "https://example.com/", "events": "job.failed"}
        made = subscriptions.create(session, values | {"secret": OLD}, "test", OutboundPolicy())
        subscriptions.update(session, made["id"], {"secret": OLDER}, OutboundPolicy())
        subscriptions.rotate_secret(session, made["id"])
    with reading() as session:
        assert in_clear(session, SEALED[0]) == []
    assert len(secrets.in_use(made["id"], stored(made["id"]))) == 2


def test_each_column_of_the_registry_can_be_asked_for():
    with reading() as session:
        for sealed in SEALED:
            assert in_clear(session, sealed) == []
            assert sealed.context("x") == f"{sealed.kind}:x"
    assert len({sealed.kind for sealed in SEALED}) == len(SEALED)
