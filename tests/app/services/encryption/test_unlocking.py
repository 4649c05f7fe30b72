"""The first start decides the key; no process starts with another one."""

import threading

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.secret_keys import new_key
from app.gateways import cipher, key_file
from app.models import Installation
from app.services import encryption
from app.services.encryption import KeyRefused
from app.settings import Settings


@pytest.fixture(autouse=True)
def _same_cipher_afterwards(database):
    before = cipher.current()
    yield
    cipher._cipher = before


def unlock(**values):
    with transaction() as session:
        encryption.unlock(session, Settings(**values))


def test_the_first_start_makes_a_key_that_only_its_owner_reads(tmp_path):
    unlock(data_dir=tmp_path)
    path = tmp_path / key_file.NAME
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    unlock(data_dir=tmp_path)
    assert path.read_text() == before
    path.chmod(0o640)
    with pytest.raises(KeyRefused, match="may be read by others"):
        unlock(data_dir=tmp_path)


def test_without_the_key_of_the_first_start_nothing_starts_and_none_is_made(tmp_path):
    unlock(data_dir=tmp_path / "one")
    with pytest.raises(KeyRefused, match="key_missing"):
        unlock(data_dir=tmp_path / "two")
    assert not (tmp_path / "two").exists()
    with pytest.raises(KeyRefused, match="key_mismatch"):
        unlock(data_dir=tmp_path / "one", encryption_key=new_key())


def test_a_key_that_was_replaced_opens_until_all_is_encrypted_anew(tmp_path):
    old, fresh = new_key(), new_key()
    unlock(data_dir=tmp_path, encryption_key=old)
    unlock(data_dir=tmp_path, encryption_key=fresh, encryption_keys_old=(old,))
    with transaction() as session:
        encryption.renew_check(session)
    unlock(data_dir=tmp_path, encryption_key=fresh)
    with pytest.raises(KeyRefused):
        unlock(data_dir=tmp_path, encryption_key=old)


def test_of_many_first_starts_all_have_one_key(tmp_path):
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(key_file.make(tmp_path))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(made)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {key_file.NAME}


def test_the_database_tells_nothing_of_the_key(tmp_path):
    unlock(data_dir=tmp_path)
    key = (tmp_path / key_file.NAME).read_text().strip()
    with reading() as session:
        kept = session.scalars(sa.select(Installation.key_check)).one()
    assert kept is not None
    assert key not in kept
