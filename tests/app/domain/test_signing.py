"""Signatures, against the vectors that others have published."""

import base64
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.signing import (
    key_of,
    new_secret,
    sign,
    sign_body,
    signed_text,
    verify,
    verify_body,
)
from tests.support.servers import missing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
MOMENT = 1614265330
BODY = b'{"test": 2432232314}'
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

VECTORS = [
    (ID, MOMENT, BODY, GOOD),
    (ID, MOMENT, b'{"test":2432232314}', "v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs="),
    (ID, MOMENT, b"", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
    (ID, MOMENT, '{"name":"Zoë ✓"}'.encode(), "v1,vT3tN68XcRInbQKUomiMDHFgj+JsG9OroWEdDcWGJ5M="),
    (
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1674087231,
        (
            b'{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":'
            b'{"id":"1f81eb52-5198-4599-803e-771906343485"}}'
        ),
        "v1,ARw42xaAApl/nxRo+iPGYwSaMQaOwMo2eyH5JBRA+bQ=",
    ),
]


def check(
    message_id=ID, timestamp=str(MOMENT), signature=GOOD, body=BODY, at=MOMENT, secret=SECRET
):
    return verify([secret], (message_id, timestamp, signature), body, at)


@pytest.mark.parametrize(("message_id", "moment", "body", "signature"), VECTORS)
def test_the_published_vectors(message_id, moment, body, signature):
    assert sign(SECRET, message_id, moment, body) == signature
    assert verify([SECRET], (message_id, str(moment), signature), body, moment) == "valid"


#: The published vector with a pair of keys (Ed25519): another scheme over the same text.
PUBLIC_KEY = "ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="
ASYMMETRIC = (
    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
)
#: What stands before the 32 bytes of such a key (RFC 8410).
_KEY_HEAD = bytes.fromhex("302a300506032b6570032100")


def test_the_signed_text_is_that_of_the_published_vector_with_a_pair_of_keys(tmp_path):
    if shutil.which("openssl") is None:
        missing("the openssl command")
    (tmp_path / "key").write_bytes(_KEY_HEAD + base64.b64decode(PUBLIC_KEY))
    (tmp_path / "text").write_bytes(signed_text(ID, MOMENT, BODY))
    (tmp_path / "signature").write_bytes(base64.b64decode(ASYMMETRIC.removeprefix("v1a,")))
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text"
    done = subprocess.run(
        [*command.split(), "-sigfile", "signature"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Signature Verified Successfully" in done.stdout, done.stderr


def test_a_signature_of_another_scheme_is_passed_over():
    assert check(signature=ASYMMETRIC) == "invalid"
    assert check(signature=f"{ASYMMETRIC} {GOOD}") == "valid"


def test_the_key_is_what_the_secret_decodes_to():
    assert key_of(SECRET).hex() == "31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0"
    assert key_of("whsec_YQ") == key_of("whsec_YQ==") == b"a"
    assert key_of("It's a Secret") == b"It's a Secret"


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_====", "whsec_n*t", "whsec_é", "whsec_abcde"]
)
def test_what_is_no_secret_is_refused_and_verifies_nothing(secret):
    with pytest.raises(ValueError, match="must"):
        key_of(secret)
    assert check(secret=secret) == "invalid"


def test_the_scheme_over_the_body_alone_in_its_three_spellings():
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign_body(secret, body) == f"sha256={digits}"
    for form in (f"sha256={digits}", digits, base64.b64encode(bytes.fromhex(digits)).decode()):
        assert verify_body(secret, body, form)
        assert not verify_body(secret, body + b" ", form)
    for form in ("", "sha256=", digits.upper(), "sha1=" + digits, "\udcff", digits[:-1]):
        assert not verify_body(secret, body, form)
    assert not verify_body("", body, sign_body("", body))


@pytest.mark.parametrize(
    "signature",
    [
        f"{OTHER} {OTHER} {GOOD} {OTHER}",
        f"v2,{GOOD[3:]} {GOOD}",
        f"v1a,xyz {GOOD}",
        f"v1 {GOOD}",
        f"v1,not*base64 {GOOD}",
    ],
)
def test_one_good_entry_among_others_is_enough(signature):
    assert check(signature=signature) == "valid"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1,",
        "v1,dawfeoifkpqwoekfpqoekf",
        OTHER,
        f"v2,{GOOD[3:]}",
        GOOD[3:],
        "v1,not*base64",
        "v1",
        f"v1,{GOOD[3:].rstrip('=')}",
        " ".join([OTHER] * 1000),
        "v1,\udcff",
    ],
)
def test_signatures_that_are_none(signature):
    assert check(signature=signature) == "invalid"


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "hello",
        "1614265330.0",
        "+1614265330",
        " 1614265330",
        "1e9",
        "\uff11\uff16\uff11\uff14\uff12\uff16\uff15\uff13\uff13\uff10",
        "-1",
        "9" * 40,
    ],
)
def test_timestamps_that_are_none(timestamp):
    assert check(timestamp=timestamp) == "invalid"


@pytest.mark.parametrize("message_id", ["", "msg.1", "msg 1", "a\nb", "é", "x" * 257])
def test_ids_that_are_none(message_id):
    good = sign(SECRET, message_id, MOMENT, BODY)
    assert check(message_id=message_id, signature=good) == "invalid"


def test_old_and_future_messages_are_told_from_forged_ones():
    for at in (MOMENT + 301, MOMENT - 301):
        assert check(at=at) == "timestamp_out_of_tolerance"
        assert check(at=at, signature=OTHER) == "invalid"
    assert check(at=MOMENT + 300) == "valid"


def test_any_secret_in_use_may_have_signed():
    fresh = new_secret()
    assert len(key_of(fresh)) == 32
    headers = (ID, str(MOMENT), GOOD)
    assert verify([fresh, SECRET], headers, BODY, MOMENT) == "valid"
    assert verify([fresh], headers, BODY, MOMENT) == "invalid"
    assert verify([], headers, BODY, MOMENT) == "invalid"


@given(st.binary(), st.text(), st.text(), st.text(), st.text())
def test_nothing_a_stranger_sends_raises(body, message_id, timestamp, signature, secret):
    assert verify([secret], (message_id, timestamp, signature), body, 0.0) == "invalid"
    assert not verify_body(secret, body, signature)


@given(st.binary(), st.binary(min_size=1), st.text("abc_019", min_size=1, max_size=64))
def test_what_is_signed_verifies_and_any_change_of_the_body_does_not(body, key, message_id):
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = (message_id, str(MOMENT), sign(secret, message_id, MOMENT, body))
    assert verify([secret], headers, body, MOMENT) == "valid"
    assert verify([secret], headers, body + b"x", MOMENT) == "invalid"
