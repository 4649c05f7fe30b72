"""What a provider publishes is kept, and asked for no more often than need be."""

import threading
import time

import pytest

from app.gateways.oidc import ProviderAway, id_tokens, kept
from app.gateways.oidc.kept import Kept


class Source:
    """Something that counts how often it is asked, and may be away."""

    def __init__(self):
        self.asked, self.is_away = 0, False

    def __call__(self):
        self.asked += 1
        if self.is_away:
            raise ProviderAway("away")
        return self.asked


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have gone by; a test moves them."""
    seconds = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return seconds


def test_it_is_kept_for_an_hour(clock):
    one = Kept(source := Source())
    assert [one.get(), one.get()] == [1, 1]
    clock[0] += kept.KEPT_SECONDS
    assert (one.get(), source.asked) == (2, 2)


def test_what_is_old_serves_on_while_the_source_is_away(clock):
    one = Kept(source := Source())
    one.get()
    clock[0] += kept.KEPT_SECONDS
    source.is_away = True
    assert [one.get(), one.get(), one.get()] == [1, 1, 1]
    assert source.asked == 2
    source.is_away = False
    clock[0] += kept.RETRY_SECONDS
    assert one.get() == 3


def test_what_never_came_is_not_there(clock):
    one = Kept(source := Source())
    source.is_away = True
    for _ in range(3):
        with pytest.raises(ProviderAway, match="away"):
            one.get()
    assert source.asked == 1


def test_it_is_asked_for_again_once_a_minute(clock):
    one = Kept(source := Source())
    one.get()
    assert [one.again(), one.again(), one.get()] == [2, 2, 2]
    clock[0] += kept.AGAIN_SECONDS
    source.is_away = True
    assert [one.again(), one.again()] == [2, 2]
    assert source.asked == 3


def test_of_all_who_wait_one_asks():
    one = Kept(source := Source())
    threads = [threading.Thread(target=one.get) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.asked == 1


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": "!" * 400, "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": 7},
    ],
    ids=str,
)
def test_what_is_no_key_of_ours_is_left_out(entry):
    assert id_tokens.read_keys({"keys": [entry]}) == []
    assert id_tokens.read_keys({"keys": entry}) == []
